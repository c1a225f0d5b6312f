"""Composes the stages: text → words and windows → tags → quotes → speakers → stances → `Document`."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance import checkpoints
from stance.document import Document, Quote, Stance
from stance.errors import DamagedModelError, InputError, MarkupError, QuestionError
from stance.questions import Question, question_of
from stance.stances import read_passage, score_passages, to_stance
from stance.sums import with_stances
from stance.text import quoted

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from stance.tagger import QuoteTagger
    from stance.tokens import Words

Record = str | Document
_SECTION = 40_000
_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body|div|article|p)\b[^>]*>", re.IGNORECASE)


def find_quotes(
    model: QuoteTagger, tokenizer: Tokenizer, texts: Sequence[str], window: int, overlap: int, *, batch_size: int = 8
) -> Iterator[list[Quote]]:
    """Runs texts through words, windows, tags and decoding.

    Args:
        model: A quotes model in evaluation mode.
        tokenizer: Its tokenizer.
        texts: Articles of any length.
        window: Subwords a window.
        overlap: Subwords that neighbouring windows share.
        batch_size: Windows a forward pass.

    Yields:
        Quotes of each text, in text order, without speakers and with raw confidence.
    """
    from stance.quotes import decode
    from stance.tagger import score
    from stance.tokens import boundary_ids, cut_windows, read_words

    boundaries = boundary_ids(tokenizer)
    plans = [
        [(words, cut_windows(words, window, overlap, boundaries)) for words in _sections(read_words(text, tokenizer))] for text in texts
    ]
    scored = score(model, (item for plan in plans for _, windows in plan for item in windows), batch_size=batch_size)
    for text, plan in zip(texts, plans, strict=True):
        marked = quoted(text)
        found: list[Quote] = []
        for words, windows in plan:
            found.extend(decode(text, words, windows, list(islice(scored, len(windows))), marked))
        yield found


def calibrate(raw: float, slope: float, intercept: float) -> float:
    """The probability behind a raw confidence (Platt 1999)."""
    odds = math.log(raw / (1 - raw))
    return round(1 / (1 + math.exp(-(slope * odds + intercept))), 4)


class Reader:
    """The quotes model in memory: text in, quotes with speakers out.

    Args:
        folder: A model directory.
        device: Where torch puts it.
        exact: Whether it stays in single precision, to be trained on.
    """

    def __init__(self, folder: Path, device: str = "cpu", *, exact: bool = False) -> None:
        from stance.tagger import QuoteTagger

        config = checkpoints.verify(folder)
        try:
            encoder = checkpoints.build_encoder(config["encoder"])
            self.window, self.overlap = int(config["window"]), int(config["overlap"])
            self.slope, self.intercept = map(float, config.get("confidence", (1.0, 0.0)))
            model = QuoteTagger(encoder, int(config["link_width"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedModelError(f"{folder / checkpoints.CONFIG}: not the config of a quotes model: {error!r}") from None
        # Where scores are rounded to integers, what stands beside a window in a pass could tip a close decision: so each has its own.
        self.batch_size = 1 if checkpoints.load_weights(model, folder, device, exact=exact) else 8
        self.model: QuoteTagger = model
        self.tokenizer: Tokenizer = checkpoints.load_tokenizer(folder)

    def read(self, texts: Sequence[str]) -> Iterator[list[Quote]]:
        """Finds the quotes of several texts.

        Args:
            texts: Articles.

        Yields:
            Quotes of each text, in text order, with speakers and calibrated confidence.
        """
        from stance.speakers import resolve

        found = find_quotes(self.model, self.tokenizer, texts, self.window, self.overlap, batch_size=self.batch_size)
        for text, quotes in zip(texts, found, strict=True):
            yield resolve(text, [replace(quote, confidence=calibrate(quote.confidence, self.slope, self.intercept)) for quote in quotes])


class Judge:
    """The stance model in memory: quotes in, stances out.

    Args:
        folder: A model directory.
        device: Where torch puts it.
        exact: Whether it stays in single precision, to be trained on.
    """

    def __init__(self, folder: Path, device: str = "cpu", *, exact: bool = False) -> None:
        from stance.classifier import StanceClassifier

        config = checkpoints.verify(folder)
        try:
            encoder = checkpoints.build_encoder(config["encoder"])
            self.question: Question = question_of(config["question"], str(folder / checkpoints.CONFIG), float(config.get("threshold", 0.0)))
            self.window = int(config["window"])
            model = StanceClassifier(encoder, len(self.question.labels), config["temperature"])
        except (KeyError, TypeError, ValueError, QuestionError) as error:
            raise DamagedModelError(f"{folder / checkpoints.CONFIG}: not the config of a stance model: {error!r}") from None
        checkpoints.load_weights(model, folder, device, exact=exact)
        self.model: StanceClassifier = model
        self.tokenizer: Tokenizer = checkpoints.load_tokenizer(folder)

    def judge(self, documents: Sequence[Document], *, batch_size: int = 8, explain: bool = False) -> Iterator[Document]:
        """Gives every quote of some documents a stance, and every speaker the sum.

        Args:
            documents: With quotes.
            batch_size: Passages a forward pass.
            explain: Look for the words that carry each stance.
        """
        passages = (read_passage(document.text, quote, self.tokenizer, self.window) for document in documents for quote in document.quotes)
        scored = score_passages(self.model, passages, batch_size=batch_size)
        for document in documents:
            stances = [to_stance(row, self.question) for row in islice(scored, len(document.quotes))]
            if explain:
                stances = [self._explain(document, *pair) for pair in zip(document.quotes, stances, strict=True)]
            yield with_stances(document, stances, self.question)

    def _explain(self, document: Document, quote: Quote, stance: Stance) -> Stance:
        from stance.evidence import with_evidence

        read = read_passage(document.text, quote, self.tokenizer, self.window)
        return with_evidence(stance, document.text, quote, read, self.model, self.question)


class Pipeline:
    """The whole way from text to `Document`; safe to use from several threads.

    Models are read from disk when first needed.

    Args:
        quotes: Directory of a quotes model; the shipped one when left out.
        stance: Directory of a stance model; the shipped one when left out.
        device: Where torch puts the models, as `cpu` or `cuda:0`.
        threads: Threads that torch uses in this process; its own choice when left out.

    Raises:
        InputError: Fewer than one thread.
    """

    def __init__(
        self, quotes: Path | str | None = None, stance: Path | str | None = None, device: str = "cpu", threads: int | None = None
    ) -> None:
        self._folders = {"quotes": quotes, "stance": stance}
        self._device = device
        self._lock = threading.RLock()
        if threads is not None:
            _at_least_one("threads", threads)
            import torch

            torch.set_num_threads(threads)

    def _folder(self, name: str) -> Path:
        given = self._folders[name]
        return checkpoints.locate(name) if given is None else Path(given)

    @cached_property
    def _loaded_reader(self) -> Reader:
        return Reader(self._folder("quotes"), self._device)

    @cached_property
    def _loaded_judge(self) -> Judge:
        return Judge(self._folder("stance"), self._device)

    @property
    def reader(self) -> Reader:
        """The quotes model."""
        with self._lock:
            return self._loaded_reader

    @property
    def judge(self) -> Judge:
        """The stance model."""
        with self._lock:
            return self._loaded_judge

    def __call__(self, record: Record, *, explain: bool = False) -> Document:
        """Classifies one article: finds its quotes, unless it is a `Document` that has them, and tells where they stand.

        Args:
            record: The article.
            explain: Look for the words that carry each stance; takes several times as long.

        Raises:
            TypeError: Neither a string nor a `Document`.
            MarkupError: A string that is an HTML page.
        """
        return next(self._run([record], explain))

    def segment(self, text: str) -> Document:
        """Finds an article's quotes and speakers, without stances; the stance model is not loaded.

        Raises:
            TypeError: Not a string.
            MarkupError: The text is an HTML page.
        """
        if not isinstance(text, str):
            raise TypeError(f"segment takes a str, not {type(text).__name__}")
        return self._segment([_checked(text)])[0]

    def batch(self, records: Iterable[Record], *, batch_size: int = 16, explain: bool = False) -> list[Document]:
        """Classifies many articles at once; see `stream`."""
        return list(self.stream(records, batch_size=batch_size, explain=explain))

    def stream(self, records: Iterable[Record], *, batch_size: int = 16, explain: bool = False) -> Iterator[Document]:
        """Classifies articles as they come, in order, holding `batch_size` of them in memory.

        Args:
            records: Strings, or documents with quotes.
            batch_size: Articles that are read together.
            explain: Look for the words that carry each stance.

        Raises:
            TypeError: One article, not many; or one of them is neither a string nor a `Document`.
            InputError: A batch of fewer than one article.
            MarkupError: One of the strings is an HTML page.
        """
        if isinstance(records, (str, bytes, Document)):
            raise TypeError(f"many articles go in as an iterable of them, not as one {type(records).__name__}")
        _at_least_one("batch_size", batch_size)
        return self._stream(iter(records), batch_size, explain)

    def _stream(self, waiting: Iterator[Record], batch_size: int, explain: bool) -> Iterator[Document]:
        while group := list(islice(waiting, batch_size)):
            yield from self._run(group, explain)

    def _run(self, records: Sequence[Record], explain: bool) -> Iterator[Document]:
        for record in records:
            if not isinstance(record, (str, Document)):
                raise TypeError(f"classify takes a str or a Document, not {type(record).__name__}")
        segmented = iter(self._segment([_checked(record) for record in records if isinstance(record, str)]))
        documents = [next(segmented) if isinstance(record, str) else record for record in records]
        return self.judge.judge(documents, explain=explain)

    def _segment(self, texts: Sequence[str]) -> list[Document]:
        if not texts:
            return []
        return [Document.assemble(text, quotes) for text, quotes in zip(texts, self.reader.read(texts), strict=True)]


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise InputError(f"{name} = {value}: it must be 1 or more")


def _checked(text: str) -> str:
    if _PAGE.match(text):
        raise MarkupError(
            f"the text is an HTML page: it begins with {text.strip()[:40]!r}; take the article out of it first, "
            "as `stance classify FILE.html` does"
        )
    return text


def _sections(words: Words) -> list[Words]:
    """Cuts the words of a very long text between paragraphs, so that what is held in memory at once stays small."""
    if len(words) <= _SECTION:
        return [words]
    sections: list[Words] = []
    begin = 0
    while begin < len(words):
        end = min(begin + _SECTION, len(words))
        while begin < end < len(words) and words.paragraph[end] == words.paragraph[end - 1] and end - begin < 2 * _SECTION:
            end += 1
        sections.append(words[begin:end])
        begin = end
    return sections


def load(quotes: Path | str | None = None, stance: Path | str | None = None, device: str = "cpu", threads: int | None = None) -> Pipeline:
    """Makes a pipeline; see `Pipeline`."""
    return Pipeline(quotes, stance, device, threads)


_shared: dict[str, Any] = {}
_shared_lock = threading.Lock()


def shared() -> Pipeline:
    """The pipeline with the shipped models that the functions of the package use, made once in a process."""
    with _shared_lock:
        if "pipeline" not in _shared:
            _shared["pipeline"] = load()
        pipeline: Pipeline = _shared["pipeline"]
        return pipeline
