"""A stand-in for a model: it quotes the sentences of its prompt's passages that share most words with the question."""

import re
from collections.abc import Iterator

from selador_local.bedrock.answer import Event
from selador_local.bedrock.retrieval import content_words

_PASSAGE = re.compile(r"^\[(\d+)\] (.+?)(?=\n\s*\n|\n\[\d+\] |\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s|$)|$)", re.MULTILINE)
_PASSAGES = 6
_ECHOED_WORDS = 60


def converse(prompt: str, max_tokens: int, service_tier: str) -> Iterator[Event]:
    """Yield ConverseStream's events (BR-18) for `prompt`; a token is a word, and any tier serves."""
    words = re.findall(r"\s*\S+", answer(prompt))
    said = words[:max_tokens]
    yield "messageStart", {"role": "assistant"}
    for word in said:
        yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}}
    yield "contentBlockStop", {"contentBlockIndex": 0}
    yield "messageStop", {"stopReason": "end_turn" if len(said) == len(words) else "max_tokens"}
    tokens = len(prompt.split())
    usage = {"inputTokens": tokens, "outputTokens": len(said), "totalTokens": tokens + len(said)}
    yield "metadata", {"usage": usage, "metrics": {"latencyMs": 1}, "serviceTier": {"type": service_tier}}


def answer(prompt: str) -> str:
    """Return sentences of the numbered passages in `prompt`, each with its number; without passages, its own words."""
    passages = _PASSAGE.findall(prompt)
    asked = set(content_words(_PASSAGE.sub("", prompt)))
    if not passages:
        return " ".join(prompt.split()[:_ECHOED_WORDS])
    quotes = []
    for number, text in passages:
        sentences = _SENTENCE.findall(" ".join(text.split()))
        best = max(sentences, key=lambda sentence: len(asked & set(content_words(sentence))))
        quotes.append((len(asked & set(content_words(best))), int(number), best))
    chosen = sorted(sorted(quotes, reverse=True)[:_PASSAGES], key=lambda quote: quote[1])
    return " ".join(f"{sentence} [{number}]" for _, number, sentence in chosen)
