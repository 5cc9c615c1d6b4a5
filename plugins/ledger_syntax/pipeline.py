"""The spaCy pipeline behind the parse: found, loaded once, and asked for several sentences at a time."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger_syntax.tree import Parse, Word
from ledger_syntax.universal import Arc, is_clear, to_universal

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["LONGEST", "MODEL", "Pipeline", "installed", "pipeline"]

MODEL = Path(__file__).with_name("model")
LONGEST = 160
"""Words of the longest sentence that is parsed; the patterns read what is longer, a table or a list."""

_NEEDED = ("tok2vec", "transformer", "curated_transformer", "tagger", "parser")
_PLAIN = str.maketrans("“”„«»‘’‛–—‑\u00a0\n\t", '"""""\'\'\'---   ')


def installed() -> bool:
    """Whether spaCy and the shipped model are there; nothing is imported."""
    return MODEL.is_dir() and importlib.util.find_spec("spacy") is not None


def pipeline(name: str = "") -> Pipeline:
    """The pipeline of this name, the package's own for an empty one; loaded once in a process.

    Raises LookupError for a name that spaCy cannot load, or whose pipeline has no tagger and parser.
    """
    return _load(name)


@cache
def _load(name: str) -> Pipeline:
    import spacy

    try:
        nlp = spacy.load(name) if name else spacy.load(MODEL, exclude=["vocab"])
    except (OSError, ImportError, ValueError) as error:
        raise LookupError(
            f"[plugins.syntax] model = {name!r}: spaCy cannot load it ({str(error).splitlines()[0]:.200}); "
            f"install that pipeline, or remove the line to use the model that is shipped"
        ) from error
    missing = [part for part in ("tagger", "parser") if part not in nlp.pipe_names]
    if missing:
        raise LookupError(
            f"[plugins.syntax] model = {name!r}: the pipeline has no {' and no '.join(missing)}; name one that has both"
        )
    return Pipeline(nlp)


class Pipeline:
    """A loaded pipeline. The parse of a sentence depends on the sentence alone, whatever else is parsed with it."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        for label in (*nlp.get_pipe("tagger").labels, *nlp.get_pipe("parser").labels, "ROOT"):  # type: ignore[attr-defined]
            nlp.vocab.strings.add(label)  # the shipped model comes without the words that it was trained on
        self._steps: list[Any] = [pipe for part, pipe in nlp.pipeline if part in _NEEDED]
        self._clear = is_clear(nlp.get_pipe("parser").labels)  # type: ignore[attr-defined]

    def parse(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Parse | None]:
        """The parses of the sentences at `spans` of `text`; None for one that has no word or more than LONGEST."""
        places = [self._places(text, start, end) for start, end in spans]
        asked = [at for at, words in enumerate(places) if 0 < len(words) <= LONGEST]
        found: list[Parse | None] = [None] * len(spans)
        for at, doc in zip(asked, self._run([self._doc(text, places[at]) for at in asked]), strict=True):
            found[at] = self._read(doc, text, places[at])
        return found

    def parse_words(self, sentences: Sequence[Sequence[str]]) -> list[Parse]:
        """The parses of sentences that are cut into words already, their words one blank apart."""
        found = []
        for words, doc in zip(sentences, self._run([self._new(words) for words in sentences]), strict=True):
            ends = list(accumulate(len(word) + 1 for word in words))
            places = [(end - 1 - len(word), end - 1) for word, end in zip(words, ends, strict=True)]
            found.append(self._read(doc, " ".join(words), places))
        return found

    def _run(self, docs: list[Doc]) -> list[Doc]:
        for step in self._steps:
            docs = list(step.pipe(docs, batch_size=max(1, len(docs))))
        return docs

    def _places(self, text: str, start: int, end: int) -> list[tuple[int, int]]:
        made = self._nlp.make_doc(text[start:end].translate(_PLAIN))
        return [(start + t.idx, start + t.idx + len(t)) for t in made if not t.is_space]

    def _doc(self, text: str, places: Sequence[tuple[int, int]]) -> Doc:
        blanks = [end < begin for (_, end), (begin, _) in pairwise(places)]
        return self._new([text[start:end].translate(_PLAIN) for start, end in places], [*blanks, False])

    def _new(self, words: Sequence[str], blanks: Sequence[bool] | None = None) -> Doc:
        from spacy.tokens import Doc

        starts = [at == 0 for at in range(len(words))]
        return Doc(self._nlp.vocab, words=list(words), spaces=blanks and list(blanks), sent_starts=starts)  # type: ignore[arg-type]

    def _read(self, doc: Doc, text: str, places: Sequence[tuple[int, int]]) -> Parse:
        arcs = [
            Arc(token.lower_, token.tag_, token.head.i, "root" if token.head.i == token.i else token.dep_)
            for token in doc
        ]
        if self._clear:
            arcs = to_universal(arcs)
        return Parse(
            [
                Word(start, end, text[start:end], arc.low, arc.tag, arc.head, arc.label)
                for (start, end), arc in zip(places, arcs, strict=True)
            ]
        )
