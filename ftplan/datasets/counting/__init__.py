"""How many tokens a text has: the tokenizers' doors, and the memory of texts that come again.

    tokens         counters by encoding
    bulk           the fast ones, where they are installed
    hub_tokenizer  open models' own tokenizer files
    ranks          the files encodings are made of, kept once they were fetched

Knows what is kept.
"""
