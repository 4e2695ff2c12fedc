"""Small models that are really fitted, so that the numbers a rehearsal reports are measured and not made up.

Each learner measures a batch before it learns from it: a reported training loss is that of rows the model is about
to see, as it is in the service.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from sys import intern
from typing import Any, Protocol

from ftplan.sandbox.rows import Example, words_of

_START = "\0"
_VOCABULARY = 50_000  # how many words there might be: a word never seen has one chance in as many
_SMALLEST_WEIGHT = 0.001


@dataclass(frozen=True, slots=True)
class Measure:
    """Mean loss (nats) and the share that was right. What is counted depends on the learner: words, pairs, rewards."""

    loss: float
    accuracy: float


class Learner(Protocol):
    """Something that can be fitted step by step. Prepared examples are opaque to the caller."""

    def prepared(self, examples: Sequence[Example]) -> list[Any]: ...

    def measure(self, batch: Sequence[Any]) -> Measure: ...

    def learn(self, batch: Sequence[Any]) -> Measure: ...


class TextLearner:
    """Next-word prediction: four predictors mixed, their counts grown and their weights moved batch by batch.

    They are: any word, the word's frequency, its frequency after the word before, and its frequency in the prompt.
    """

    def __init__(self, rate: float) -> None:
        self._pace = min(0.5, 0.05 * rate)
        self._mix = [0.25, 0.25, 0.25, 0.25]
        self._words: dict[str, int] = {}
        self._total = 0
        self._pairs: dict[str, dict[str, int]] = {}
        self._pair_totals: dict[str, int] = {}
        self._likeliest: dict[str, str] = {}
        self._shares = [0.0] * 4

    def prepared(self, examples: Sequence[Example]) -> list[Any]:
        ready = []
        for example in examples:
            prompt = words_of(example.prompt)
            frequency = {intern(word): many / len(prompt) for word, many in Counter(prompt).items()}
            ready.append(([intern(word) for word in words_of(example.answer)], frequency))
        return ready

    def measure(self, batch: Sequence[Any]) -> Measure:
        any_weight, word_weight, pair_weight, copy_weight = self._mix
        floor, words, total = any_weight / _VOCABULARY, self._words, self._total or 1
        pairs, pair_totals, likeliest, log = self._pairs, self._pair_totals, self._likeliest, math.log
        loss = word_share = pair_share = copy_share = 0.0
        right = count = 0
        for answer, frequency in batch:
            before = _START
            count += len(answer)
            for word in answer:
                by_word = word_weight * words.get(word, 0) / total
                by_copy = copy_weight * frequency.get(word, 0.0)
                followers = pairs.get(before)
                by_pair = pair_weight * followers.get(word, 0) / pair_totals[before] if followers else 0.0
                chance = floor + by_word + by_copy + by_pair
                loss -= log(chance)
                word_share += by_word / chance
                copy_share += by_copy / chance
                pair_share += by_pair / chance
                right += likeliest.get(before) == word
                before = word
        count = count or 1
        known = (word_share / count, pair_share / count, copy_share / count)
        self._shares = [1.0 - sum(known), *known]
        return Measure(loss / count, right / count)

    def learn(self, batch: Sequence[Any]) -> Measure:
        measured = self.measure(batch)
        if any(answer for answer, _ in batch):
            # Stochastic EM: each predictor's weight moves towards its share in explaining the batch.
            pace = self._pace
            moved = [(1 - pace) * old + pace * share for old, share in zip(self._mix, self._shares, strict=True)]
            # None dies out: a word never seen must keep a chance, or one such word makes the loss infinite.
            kept = [max(weight, _SMALLEST_WEIGHT) for weight in moved]
            self._mix = [weight / sum(kept) for weight in kept]
        for answer, _ in batch:
            self._count(answer)
        return measured

    def _count(self, answer: list[str]) -> None:
        words, pairs, totals, likeliest = self._words, self._pairs, self._pair_totals, self._likeliest
        self._total += len(answer)
        before = _START
        for word in answer:
            words[word] = words.get(word, 0) + 1
            followers = pairs.setdefault(before, {})
            many = followers[word] = followers.get(word, 0) + 1
            totals[before] = totals.get(before, 0) + 1
            best = likeliest.setdefault(before, word)
            if many > followers[best]:
                likeliest[before] = word
            before = word


class PairLearner:
    """Preference: a linear score of words and word pairs, fitted so that the preferred answer scores higher.

    The loss is that of DPO, -ln sigmoid(beta * margin); the accuracy is the share of pairs ranked right.
    """

    def __init__(self, rate: float, beta: float) -> None:
        self._step = 20.0 * rate
        self._beta = beta
        self._scores: dict[str, float] = {}

    def prepared(self, examples: Sequence[Example]) -> list[Any]:
        ready = []
        for example in examples:
            difference: Counter[str] = Counter(_features(example.answer))
            difference.subtract(_features(example.rejected))
            features = {intern(name): float(many) for name, many in difference.items() if many}
            length = math.sqrt(sum(many * many for many in features.values())) or 1.0
            ready.append({name: many / length for name, many in features.items()})
        return ready

    def measure(self, batch: Sequence[Any]) -> Measure:
        margins = [self._margin(features) for features in batch]
        count = len(margins) or 1
        loss = sum(max(-m, 0.0) + math.log1p(math.exp(-abs(m))) for m in margins) / count
        return Measure(loss, sum(margin > 0 for margin in margins) / count)

    def learn(self, batch: Sequence[Any]) -> Measure:
        measured = self.measure(batch)
        pulls = [self._beta / (1.0 + math.exp(min(self._margin(features), 700.0))) for features in batch]
        for features, pull in zip(batch, pulls, strict=True):
            move = self._step * pull / len(batch)
            for name, many in features.items():
                self._scores[name] = self._scores.get(name, 0.0) + move * many
        return measured

    def _margin(self, features: dict[str, float]) -> float:
        scores = self._scores
        return self._beta * sum(scores.get(name, 0.0) * many for name, many in features.items())


def _features(text: str) -> list[str]:
    words = words_of(text)
    return words + [f"{before} {word}" for before, word in pairwise(words)]
