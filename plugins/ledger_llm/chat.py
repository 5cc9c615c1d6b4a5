"""The protocol: what is asked for, and an answer that fits the schema or is refused.

Chat completions with a JSON schema for the output, as of https://platform.openai.com/docs/api-reference/chat/create; llama.cpp, vLLM, Ollama and
LM Studio answer the same request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ledger.plugin import Answer

__all__ = ["AnswerError", "Mark", "read_answer", "request_body"]

_SHOWN = 160


class AnswerError(ValueError):
    """The service or its model gave no answer that can be used."""


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One passage as the model gives it: the label, the words of the text, and a note."""

    label: str
    quote: str
    note: str


class _Findings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    findings: tuple[Mark, ...]


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...]


def request_body(
    model: str,
    prompt: str,
    labels: Sequence[str],
    text: str,
    *,
    max_tokens: int,
    extra: Mapping[str, Any],
) -> str:
    """The request as JSON: equal arguments give equal texts, which is how a replay finds the recorded answer."""
    request: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": f"{prompt}\nLabels: {', '.join(labels)}."},
            {"role": "user", "content": text},
        ],
        "temperature": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "findings", "strict": True, "schema": _schema(labels)},
        },
    }
    if max_tokens:
        request["max_tokens"] = max_tokens
    return json.dumps({**request, **extra}, ensure_ascii=False, sort_keys=True)


def read_answer(answer: Answer, labels: Sequence[str]) -> tuple[Mark, ...]:
    """The marks of a completion. Raises AnswerError for everything else, with the reason."""
    if answer.status != 200:
        raise AnswerError(f"the service answers with HTTP status {answer.status}: {_shown(answer.text)}")
    try:
        completion = msgspec.json.decode(answer.text, type=_Completion)
    except msgspec.DecodeError as error:
        raise AnswerError(f"the service's answer is no chat completion: {error}") from error
    if not completion.choices:
        raise AnswerError("the service's answer holds no choice")
    choice = completion.choices[0]
    if choice.message.refusal:
        raise AnswerError(f"the model refuses: {_shown(choice.message.refusal)}")
    if choice.finish_reason == "length":
        raise AnswerError("the model's answer is cut off; raise max_tokens")
    try:
        marks = msgspec.json.decode(choice.message.content or "", type=_Findings).findings
    except msgspec.DecodeError as error:
        raise AnswerError(f"the model's answer does not fit the schema: {error}") from error
    for mark in marks:
        if mark.label not in labels:
            raise AnswerError(f"the model uses a label of its own: {_shown(mark.label)}")
    return marks


def _schema(labels: Sequence[str]) -> dict[str, Any]:
    mark = {
        "label": {"type": "string", "enum": list(labels)},
        "quote": {"type": "string"},
        "note": {"type": "string"},
    }
    return _object({"findings": {"type": "array", "items": _object(mark)}})


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _shown(text: str) -> str:
    return " ".join(text.split())[:_SHOWN] or "nothing more"
