import threading
from collections.abc import Iterator

import pytest

import stance
from stance.document import Document
from stance.errors import InputError, MarkupError, ModelError
from stance.pipeline import Pipeline


def test_a_real_article_from_text_to_who_stands_where(pipeline: Pipeline, seeds: list[Document]) -> None:
    article = next(seed for seed in seeds if seed.id and "kearns" in seed.id)
    document = pipeline(article.text)
    speakers = {speaker.name: speaker for speaker in document.speakers}
    assert "James Cleverly" in speakers
    assert "Alicia Kearns" in speakers
    cleverly = speakers["James Cleverly"]
    assert cleverly.stance is not None
    assert cleverly.stance.label == "engage"
    assert cleverly.quotes
    assert all(quote.speaker is cleverly for quote in cleverly.quotes)
    assert stance.Document.from_dict(document.to_dict()) == document


def test_module_functions_agree_with_a_loaded_pipeline(pipeline: Pipeline, seeds: list[Document]) -> None:
    text = seeds[0].text
    assert stance.classify(text) == pipeline(text)
    assert stance.segment(text) == pipeline.segment(text)
    assert stance.classify(stance.segment(text)) == pipeline(text)


def test_a_batch_reads_as_single_articles_do(pipeline: Pipeline, seeds: list[Document]) -> None:
    texts = [seed.text for seed in seeds]
    together, alone = pipeline.batch(texts), [pipeline(text) for text in texts]
    for one, other in zip(together, alone, strict=True):
        assert [(q.content, q.source, q.kind, q.speaker and q.speaker.name) for q in one.quotes] == [
            (q.content, q.source, q.kind, q.speaker and q.speaker.name) for q in other.quotes
        ]
        for ours, theirs in zip(one.quotes, other.quotes, strict=True):
            assert ours.stance is not None
            assert theirs.stance is not None
            assert ours.stance.probabilities == pytest.approx(theirs.stance.probabilities, abs=0.01)


def test_a_stream_keeps_order_and_takes_no_more_than_it_needs(pipeline: Pipeline, seeds: list[Document]) -> None:
    taken: list[int] = []

    def records() -> Iterator[str | Document]:
        for number in range(9):
            taken.append(number)
            yield f"“Number {number} is enough for me,” Ada Lund said." if number % 2 else seeds[0]

    stream = pipeline.stream(records(), batch_size=2)
    first = next(stream)
    assert taken == [0, 1]
    assert first.text == seeds[0].text
    rest = list(stream)
    assert [f"Number {number}" in document.text for number, document in enumerate([first, *rest])] == [n % 2 == 1 for n in range(9)]


def test_several_threads_get_the_same_results(pipeline: Pipeline, seeds: list[Document]) -> None:
    expected = pipeline(seeds[1].text)
    found: list[Document] = []
    threads = [threading.Thread(target=lambda: found.append(pipeline(seeds[1].text))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@pytest.mark.parametrize("wrong", [None, 3, b"text", ["text"], {"text": "x"}])
def test_a_wrong_type_is_a_type_error(pipeline: Pipeline, wrong: object) -> None:
    with pytest.raises(TypeError, match=type(wrong).__name__):
        pipeline(wrong)  # type: ignore[arg-type]


def test_many_articles_as_one_string_are_a_type_error(pipeline: Pipeline) -> None:
    with pytest.raises(TypeError, match="iterable"):
        pipeline.batch("one article")


@pytest.mark.parametrize("page", ["<!DOCTYPE html><html><body>He said so.</body></html>", "\n<html lang=en>\n<p>“No,” she said.</p>"])
def test_an_html_page_is_refused_with_a_word_of_help(pipeline: Pipeline, page: str) -> None:
    with pytest.raises(MarkupError, match="HTML"):
        pipeline(page)
    with pytest.raises(MarkupError, match="HTML"):
        pipeline.segment(page)


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_of_less_than_one_is_refused_when_it_is_asked_for(size: int) -> None:
    with pytest.raises(InputError, match=f"batch_size = {size}"):
        Pipeline().stream(["“Talk,” she said."], batch_size=size)
    with pytest.raises(InputError, match=f"threads = {size}"):
        Pipeline(threads=size)


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    with pytest.raises(ModelError, match=f"device '{device}'"):
        Pipeline(device=device).segment("“Talk,” she said.")
