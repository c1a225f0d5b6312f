from dataclasses import replace

import pytest

from stance.checkpoints import load_tokenizer, locate
from stance.classifier import batches
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.pipeline import Pipeline
from stance.questions import shipped_question
from stance.stances import CLOSING, OPENING, SPEAKER, passage, read_passage, to_stance


def quote_of(text: str, content: list[str], source: str = "", cue: str = "") -> Quote:
    def spans(words: str) -> tuple[Span, ...]:
        return (Span(text.index(words), text.index(words) + len(words)),) if words else ()

    return Quote("", tuple(spans(words)[0] for words in content), source=spans(source), cue=spans(cue))


def test_a_passage_is_the_quotes_own_sentences_and_the_one_before_with_its_speaker_masked() -> None:
    text = "Noon. It rained. “We must talk,” Mr Osei said on Monday. “Talking works.” The sun came out.\nAnother line."
    quote = quote_of(text, ["“We must talk,”", "“Talking works.”"], "Mr Osei", "said")
    before, part = passage(text, quote)
    assert before == "It rained."
    assert "Osei" not in part
    assert part.count(OPENING) == part.count(CLOSING) == 2
    assert part.count(SPEAKER) == 1
    assert part.startswith(OPENING)
    assert part.endswith(CLOSING)
    assert "rained" not in part
    assert "sun" not in part


def named(quote: Quote, name: str) -> Quote:
    return replace(quote, speaker=Speaker(name, ()))


def test_the_speakers_name_is_a_mark_wherever_it_stands_but_in_the_words_quoted() -> None:
    text = "Senator Ada Lund left early. “Ada Lund will talk,” the senator said, as Lund’s aides and Bo Berg listened."
    quote = named(quote_of(text, ["“Ada Lund will talk,”"], "the senator", "said"), "Ada Lund")
    before, part = passage(text, quote)
    assert before == f"Senator  {SPEAKER}  left early."
    assert part.startswith(f"{OPENING} “Ada Lund will talk,” {CLOSING}")
    assert part.count("Lund") == 1
    assert part.count(SPEAKER) == 2
    assert "Bo Berg listened." in part
    tokenizer = load_tokenizer(locate("stance"))
    read = read_passage(text, quote, tokenizer, 256)
    places = [place for row in read.places for place in row if place]
    assert places == sorted(places)
    assert "".join(text[place.start : place.end] for place in places if place.end < 30) == "Senatorleftearly."


@pytest.mark.parametrize("name", ["China", "supporters of Ada Lund", ""])
def test_what_is_no_persons_name_is_read_as_it_stands(name: str) -> None:
    text = "China has met Ada Lund. Supporters of Ada Lund said China must talk."
    quote = named(quote_of(text, ["China must talk"], "Supporters of Ada Lund", "said"), name)
    assert passage(text, quote)[0] == "China has met Ada Lund."


def test_what_the_article_calls_a_speaker_who_is_named_in_the_sentence_is_still_told() -> None:
    text = "Ada Lund, the trade minister, arrived. It rained. Ada Lund was late: “We must talk.”"
    quote = replace(quote_of(text, ["“We must talk.”"]), speaker=Speaker("Ada Lund", (Span(0, 28),)))
    assert passage(text, quote)[1:] == [f"{SPEAKER} the trade minister", f"{SPEAKER}  was late:  {OPENING} “We must talk.” {CLOSING}"]


def test_each_paragraph_of_a_quote_is_read_and_those_between_are_not() -> None:
    text = "“One is here,” said Ada Lund.\n\nNothing was quoted here.\n\n“Two is here.”"
    parts = passage(text, quote_of(text, ["“One is here,”", "“Two is here.”"], "Ada Lund"))
    assert len(parts) == 2
    assert "Nothing" not in "".join(parts)


def test_the_sentence_before_may_end_the_paragraph_above_and_is_cut_at_its_front() -> None:
    long = " ".join(f"word{n}" for n in range(100))
    text = f"Old news. The tariffs on steel and {long} stay. \n\n \nThey hurt us, Ada Lund said."
    quote = quote_of(text, ["They hurt us"], "Ada Lund", "said")
    before, part = passage(text, quote)
    assert before.split() == [*(f"word{n}" for n in range(61, 100)), "stay."]
    assert part.startswith(OPENING)
    tokenizer = load_tokenizer(locate("stance"))
    read = read_passage(text, quote, tokenizer, 256)
    assert "".join(text[place.start : place.end] for place in read.places[0] if place).startswith("word61word62")
    assert not any(inside for inside, place in zip(read.inside[0], read.places[0], strict=True) if place and place.end < text.index("They"))


@pytest.mark.parametrize("opening", ["", " \n", "\u2028"])
def test_nothing_stands_before_a_quote_that_opens_the_text(opening: str) -> None:
    text = f"{opening}“Talk,” said Ada Lund. “Talk again.”"
    (part,) = passage(text, quote_of(text, ["“Talk,”"], "Ada Lund", "said"))
    assert part.startswith(OPENING)


def test_a_passage_is_the_same_however_long_its_line_is() -> None:
    lead, rest = "It rained. The ferry sailed. ", "“Talk,” Ada Lund said. It was late."
    text = lead + rest
    long = "The quay is old. " * 500 + text + " The quay is old." * 500
    at = long.index("“Talk,”")
    quote = quote_of(text, ["“Talk,”"], "Ada Lund", "said")
    moved = quote_of(long, ["“Talk,”"], "Ada Lund", "said")
    assert moved.content == (Span(at, at + 7),)
    assert passage(long, moved) == passage(text, quote) == ["The ferry sailed.", f"{OPENING} “Talk,” {CLOSING}   {SPEAKER}  said."]


def test_no_word_of_a_long_quote_is_left_out() -> None:
    tokenizer = load_tokenizer(locate("stance"))
    content = "“" + " ".join(f"word{n}" for n in range(700)) + "”"
    text = f"Ada Lund said: {content}"
    made = read_passage(text, quote_of(text, [content], "Ada Lund", "said"), tokenizer, 128)
    assert max(map(len, made.stretches)) <= 128
    read = tokenizer.decode([piece for stretch in made.stretches for piece in stretch[1:-1]]).replace(" ##", "")
    assert all(f"word{n}" in read for n in range(700))


def test_neutral_is_not_what_the_model_says_when_it_does_not_know(pipeline: Pipeline) -> None:
    question = replace(shipped_question(), threshold=0.5)
    assert to_stance([0.1, 0.2, 0.7], question) == Stance("neutral", 0.7, {"engage": 0.1, "hawkish": 0.2, "neutral": 0.7})
    assert not to_stance([0.3, 0.3, 0.4], question).certain
    assert to_stance([0.3, 0.3, 0.4], shipped_question()).certain
    assert 0 < pipeline.judge.question.threshold < 1


def test_a_hand_labelled_document_is_judged_without_its_labels(pipeline: Pipeline, seeds: list[Document]) -> None:
    judged = pipeline(seeds[0])
    assert [quote.content for quote in judged.quotes] == [quote.content for quote in seeds[0].quotes]
    for quote in judged.quotes:
        assert quote.stance is not None
        assert sum(quote.stance.probabilities.values()) == pytest.approx(1, abs=0.001)
        assert quote.stance.probability == max(quote.stance.probabilities.values())
    assert all(speaker.stance is not None for speaker in judged.speakers)


def test_a_pass_takes_few_rows_where_they_are_long_and_each_once() -> None:
    lengths = [160, 3, 40, 7, 5, 400, 31, 33, 64, 2, 9]
    passes = list(batches(lengths, 8))
    assert sorted(at for rows in passes for at in rows) == list(range(len(lengths)))
    assert [lengths[at] for rows in passes for at in rows] == sorted(lengths)
    assert all(len(rows) <= 8 and (len(rows) == 1 or len(rows) * lengths[rows[-1]] <= 8 * 32) for rows in passes)
    assert passes[-1] == [5]
    assert list(batches([], 8)) == []
