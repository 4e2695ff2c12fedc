"""What must not be shown. Recognises what looks like a secret, and hides it in a line that will be printed.

It errs on the side of hiding: a word too many hidden in an excerpt costs nothing, a key printed in a CI log does.
"""

from __future__ import annotations

import re

HIDDEN = "(hidden)"

_WORDS_ONLY = re.compile(r"sk(-[a-z]{1,12})+")
_SECRET_TEXT = re.compile(
    r"""(?<![A-Za-z0-9_-])sk-[A-Za-z0-9_-]{8,}      # OpenAI and those that copied its form
    | (?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}     # AWS
    | (?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{30,}        # Google
    | (?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|hf_|gsk_|xox[abprs]-)[A-Za-z0-9_-]{16,}
    | (?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*   # a JSON web token
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----
    | (?i:bearer[ ]+[A-Za-z0-9._~+/=-]{16,})
    | (?<=://)[^/\s:@"']*:[^/\s@"']+(?=@)           # a password in a URL
    """,
    re.VERBOSE,
)
_NAMES = (
    r"api[_-]?key|apikey|password|passwd|passphrase|secret|token|credentials?|authorization"
    r"|access[_-]key(?:[_-]id)?|(?:secret|private|account|storage)[_-]key|connection[_-]string"
)
_NAMING_KEY = re.compile(rf"(?:.*[_-])?(?:{_NAMES})", re.IGNORECASE)
_ENV_NAME = r"[A-Z_][A-Z0-9_]{0,127}"
_SECRET_PAIR = re.compile(
    rf"""((?:{_NAMES}|(?<![\w-])key)["']?\s*:\s+|["']?api_key_env["']?\s*:\s+(?!["']?(?-i:{_ENV_NAME})["']?\s*(?:[,}}#]|$)))
    ("[^"]*"?|'[^']*'?|[^,}}#\s][^,}}#]*)""",
    re.IGNORECASE | re.VERBOSE,
)


def looks_secret(text: str) -> bool:
    """True where `text` holds something in the form of a key, a token or a password."""
    return any(not _WORDS_ONLY.fullmatch(found.group()) for found in _SECRET_TEXT.finditer(text))


def names_secret(key: str) -> bool:
    """True where a key so called is meant to hold a secret (`api_key`, `db_password`); not for `api_key_env`."""
    return _NAMING_KEY.fullmatch(key) is not None


def redacted(line: str) -> str:
    """`line` with everything hidden that looks like a secret or stands behind a key that names one."""
    line = _SECRET_PAIR.sub(lambda pair: pair.group(1) + HIDDEN, line)
    return _SECRET_TEXT.sub(HIDDEN, line)
