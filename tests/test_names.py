import unicodedata

import pytest
from test_speakers import names_in

from stance.document import Span
from stance.names import find_names


def found_in(text: str) -> list[tuple[str, bool]]:
    """The names in a line, each with whether it is a body's."""
    return [(name.text, name.body) for name in find_names(text, Span(0, len(text)))]


@pytest.mark.parametrize(
    ("text", "sources", "speaker"),
    [
        pytest.param(
            "Kim Jong Un met officials on Monday. North Korea would not yield, Kim said.\n\nHe said talks would go on.",
            ("Kim", "He"),
            "Kim Jong Un",
            id="Kim is no woman's name where the family name stands first",
        ),
        pytest.param(
            "Lee Yong-soo, a survivor, spoke in Seoul. Lee said the deal was void.\n\nShe said nobody had asked her.",
            ("Lee", "She"),
            "Lee Yong-soo",
            id="nor Lee a man's",
        ),
        pytest.param(
            "Kim Darroch, the ambassador, cabled London. Sir Kim said no.\n\nHe said so twice. Mr Darroch added that it rained.",
            ("Sir Kim", "He", "Mr Darroch"),
            "Kim Darroch",
            id="Kim as a man's first name",
        ),
        pytest.param(
            "Lee Epstein, a professor of law, counted votes. Ms. Epstein said few changed.\n\n"
            "She said more would come. Epstein added that one had.",
            ("Ms. Epstein", "She", "Epstein"),
            "Lee Epstein",
            id="Lee as a woman's first name",
        ),
        pytest.param(
            "Mao Ning, a foreign ministry spokeswoman, said ties were good. Ms Mao said visits helped. Mao added that talks went on.",
            ("Mao Ning, a foreign ministry spokeswoman,", "Ms Mao", "Mao"),
            "Mao Ning",
            id="a family name that stands first",
        ),
        pytest.param(
            "Kong Xuanyou, the ambassador, said no. Mr Kong said Hong Kong was calm. Kong added that it rained.",
            ("Kong Xuanyou, the ambassador,", "Mr Kong", "Kong"),
            "Kong Xuanyou",
            id="a family name that is a word of places too",
        ),
        pytest.param(
            "Tan Dhesi, who chairs the defence committee, said no. Mr Dhesi said China was watching. Dhesi added that so was he.",
            ("Tan Dhesi", "Mr Dhesi", "Dhesi"),
            "Tan Dhesi",
            id="a first name that is a family name elsewhere",
        ),
        pytest.param(
            "Chris Tang Ping-keung, the security chief, said order was back. Tang said the law worked. Mr Tang said more would come.\n\n"
            "Chris Tang said so in May.",
            ("Chris Tang Ping-keung, the security chief,", "Tang", "Mr Tang", "Chris Tang"),
            "Chris Tang Ping-keung",
            id="a family name between an English and a Chinese given name",
        ),
        pytest.param(
            "Carrie Lam Cheng Yuet-ngor, the chief executive, said no. Mrs Lam said the bill was dead. Lam said so again.",
            ("Carrie Lam Cheng Yuet-ngor, the chief executive,", "Mrs Lam", "Lam"),
            "Carrie Lam Cheng Yuet-ngor",
            id="and a husband's before one's own",
        ),
        pytest.param(
            "Yi Yin, a student from Beijing, said the game was banned. Yin said the app was too. Mr Yin said he would wait.",
            ("Yi Yin, a student from Beijing,", "Yin", "Mr Yin"),
            "Yi Yin",
            id="a family name that stands last after all",
        ),
        pytest.param(
            "President Bashar al-Assad said it was over. Mr Assad said rebels had fled. Assad said so. The war, al-Assad said, was won. "
            "Al-Assad said no more.",
            ("President Bashar al-Assad", "Mr Assad", "Assad", "al-Assad", "Al-Assad"),
            "Bashar al-Assad",
            id="an Arabic article",
        ),
        pytest.param(
            "Valéry Giscard d'Estaing, the former president, said no. Mr Giscard d’Estaing said Europe was weak. Giscard said so twice.",
            ("Valéry Giscard d'Estaing, the former president,", "Mr Giscard d’Estaing", "Giscard"),
            "Valéry Giscard d'Estaing",
            id="a French particle",
        ),
        pytest.param(
            "President Luiz Inácio Lula da Silva flew to Beijing. Mr da Silva said trade would grow.\n\n"
            "He said Brazil was back. Lula said so twice.",
            ("Mr da Silva", "He", "Lula"),
            "Luiz Inácio Lula da Silva",
            id="a name of five words",
        ),
        pytest.param(
            "José García, the mayor, said the port was open. Mr García said ships had come. Garcia said more would.",
            ("José García, the mayor,", "Mr García", "Garcia"),
            "José García",
            id="accents",
        ),
        pytest.param(
            "Lai Ching‑te, the president, said no. Mr Lai said Taiwan was free. Lai Ching-te said so again, Lai Ching‐te did.",
            ("Lai Ching‑te, the president,", "Mr Lai", "Lai Ching-te", "Lai Ching‐te"),
            "Lai Ching‑te",
            id="hyphens",
        ),
        pytest.param(
            "Seán O’Brien, a farmer, said prices fell. Mr O'Brien said China paid more. O’Brien said so twice.",
            ("Seán O’Brien, a farmer,", "Mr O'Brien", "O’Brien"),
            "Seán O’Brien",
            id="apostrophes",
        ),
        pytest.param(
            "James\u202fCleverly, the foreign secretary, said yes. Mr\u202fCleverly said so twice.",
            ("James\u202fCleverly, the foreign secretary,", "Mr\u202fCleverly"),
            "James Cleverly",
            id="narrow spaces",
        ),
    ],
)
def test_a_person_has_one_name_in_all_forms(text: str, sources: tuple[str, ...], speaker: str) -> None:
    assert names_in(text, *sources) == [speaker] * len(sources)


def test_accents_may_stand_apart_from_their_letters() -> None:
    text = unicodedata.normalize("NFD", "José García, the mayor, met Zoë Müller. García said the port was open.")
    assert found_in(text)[:2] == [(unicodedata.normalize("NFD", name), False) for name in ("José García", "Zoë Müller")]
    assert names_in(text, unicodedata.normalize("NFD", "García")) == [unicodedata.normalize("NFD", "José García")]


def test_spans_hold_the_name_as_it_is_written() -> None:
    text = unicodedata.normalize("NFD", "The mayor, José\u202fGarcía, met Lai Ching‑te and Bashar al-Assad’s envoy.")
    written = [text[name.span.start : name.span.end] for name in find_names(text, Span(0, len(text)))]
    assert written == [unicodedata.normalize("NFD", "José\u202fGarcía"), "Lai Ching‑te", "Bashar al-Assad"]


@pytest.mark.parametrize(
    ("text", "sources", "speakers"),
    [
        (
            "Sarah Barton, the trade minister, said tariffs work. Mr Burton said they do not.",
            ("Sarah Barton", "Mr Burton"),
            ["Sarah Barton", "Burton"],
        ),
        (
            "Angela Merkel, the chancellor, said trade was good. Ms Markle said it was not.",
            ("Angela Merkel", "Ms Markle"),
            ["Angela Merkel", "Markle"],
        ),
        (
            "Volodymyr Zelensky said the plan was dead. Mr Zelenskyy said so twice.",
            ("Volodymyr Zelensky", "Mr Zelenskyy"),
            ["Volodymyr Zelensky", "Volodymyr Zelensky"],
        ),
        (
            "Sarah Barton met Tom Burton. Ms Birton said tariffs work. Mr Birton said they do not.",
            ("Ms Birton", "Mr Birton"),
            ["Sarah Barton", "Tom Burton"],
        ),
    ],
    ids=["another gender", "two letters", "one letter", "whoever is of the gender"],
)
def test_a_misspelling_is_one_letter_and_of_no_other_gender(text: str, sources: tuple[str, ...], speakers: list[str]) -> None:
    assert names_in(text, *sources) == speakers


def test_two_persons_of_one_surname_stay_two_though_one_word_may_name_either() -> None:
    text = "Wang Yang met Yang Jiechi. Yang said talks went well. Wang said so too."
    assert names_in(text, "Yang Jiechi", "Yang", "Wang") == ["Yang Jiechi", "Yang Jiechi", "Wang Yang"]


@pytest.mark.parametrize(
    ("text", "name", "body"),
    [
        ("Then Luiz Inácio Lula da Silva spoke.", "Luiz Inácio Lula da Silva", False),
        ("Then Sheikh Mohammed bin Zayed Al Nahyan spoke.", "Sheikh Mohammed bin Zayed Al Nahyan", False),
        ("Then Kong Xuanyou spoke.", "Kong Xuanyou", False),
        ("Then Hong Kong slept.", "Hong Kong", True),
        ("Then Hillary Clinton Tells Donald Trump Voters came out.", "Hillary Clinton Tells Donald Trump Voters", True),
    ],
)
def test_persons_and_bodies(text: str, name: str, body: bool) -> None:
    assert (name, body) in found_in(text)
