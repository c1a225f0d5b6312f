import re
import time

import pytest

from stance.acronyms import acronyms
from stance.document import Quote, Span
from stance.names import find_names
from stance.speakers import resolve

ARTICLE = (
    "Foreign Secretary James Cleverly met officials in Beijing. "
    "Alicia Kearns, Tory chair of the foreign affairs committee, was not pleased.\n\n"
    "Mr Cleverly said the talks were frank. He added that they were long. Ms Kearns said that was too little. She wanted more.\n\n"
    "The foreign secretary said he would return. The Tory chair said he should not. Former leader Sir Iain Duncan Smith called it weak.\n\n"
    "Sir Iain said so twice. Senior Tories agreed. A spokesman for the Foreign Office denied it. "
    "The Inter-Parliamentary Alliance on China (IPAC) objected. IPAC said it would write. "
    "China’s foreign ministry said the visit helped. Xi Jinping, the Chinese president, said little. Mr Xi smiled."
)


def name_of(source: str, occurrence: int = 0, before: tuple[str, ...] = ()) -> str | None:
    """The name given to the source that stands at an occurrence of some words, after other sources were read."""
    quotes = []
    for words, number in [*((earlier, 0) for earlier in before), (source, occurrence)]:
        at = -1
        for _ in range(number + 1):
            at = ARTICLE.index(words, at + 1)
        quotes.append(Quote("", (Span(at + len(words) + 1, at + len(words) + 5),), source=(Span(at, at + len(words)),)))
    speaker = resolve(ARTICLE, sorted(quotes, key=lambda quote: quote.content[0]))[-1].speaker
    return speaker.name if speaker else None


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Mr Cleverly", "James Cleverly"),
        ("Ms Kearns", "Alicia Kearns"),
        ("The foreign secretary", "James Cleverly"),
        ("The Tory chair", "Alicia Kearns"),
        ("Former leader Sir Iain Duncan Smith", "Iain Duncan Smith"),
        ("Sir Iain", "Iain Duncan Smith"),
        ("Senior Tories", "Senior Tories"),
        ("A spokesman for the Foreign Office", "spokesman for the Foreign Office"),
        ("IPAC", "Inter-Parliamentary Alliance on China"),
        ("China’s foreign ministry", "China’s foreign ministry"),
        ("Xi Jinping, the Chinese president,", "Xi Jinping"),
        ("Mr Xi", "Xi Jinping"),
    ],
)
def test_names_titles_roles_and_bodies(source: str, name: str) -> None:
    assert name_of(source) == name


def test_pronouns_go_to_the_last_speaker_of_their_gender() -> None:
    assert name_of("He", before=("Mr Cleverly",)) == "James Cleverly"
    assert name_of("She", before=("Mr Cleverly", "Ms Kearns")) == "Alicia Kearns"


def test_a_direct_quote_without_source_follows_the_last_speaker() -> None:
    text = "Jane Doe said: “One.”\n\n“Two.”\n\nThe sun shone.\n\nIt rained.\n\n“Three.”"

    def quote(words: str, source: str = "") -> Quote:
        at, named = text.index(words), text.find(source)
        return Quote(words, (Span(at, at + len(words)),), source=(Span(named, named + len(source)),) if source else (), kind="direct")

    found = resolve(text, [quote("“One.”", "Jane Doe"), quote("“Two.”"), quote("“Three.”")])
    assert [q.speaker and q.speaker.name for q in found] == ["Jane Doe", "Jane Doe", None]


def test_names_are_found_without_titles_and_roles() -> None:
    found = find_names(ARTICLE, Span(0, 135))
    persons = [(name.text, name.role) for name in found if not name.body]
    assert ("James Cleverly", "Foreign Secretary") in persons
    assert any(name == "Alicia Kearns" for name, _ in persons)


def test_short_forms_are_read_from_brackets() -> None:
    assert acronyms(ARTICLE) == {"IPAC": "Inter-Parliamentary Alliance on China"}


def names_in(text: str, *sources: str) -> list[str | None]:
    """The names given to sources that stand in a text in this order, each an indirect quote of the word behind it."""
    quotes, at = [], 0
    for words in sources:
        start = re.compile(rf"\b{re.escape(words)}").search(text, at).start()  # type: ignore[union-attr]
        at = start + len(words)
        quotes.append(Quote("", (Span(at + 1, at + 4),), source=(Span(start, at),)))
    return [quote.speaker and quote.speaker.name for quote in resolve(text, quotes)]


@pytest.mark.parametrize(
    ("text", "sources", "names"),
    [
        pytest.param(
            "Secretary of State Ann Crane said no. Sens. Bob Lund and Eve Stone said yes. Mrs May said maybe, Theresa May.",
            ("Secretary of State Ann Crane", "Sens. Bob Lund and Eve Stone", "Mrs May"),
            ["Ann Crane", "Bob Lund and Eve Stone", "Theresa May"],
            id="titles before names",
        ),
        pytest.param(
            "Health officials met. The WHO said it was ready. The World Health Organization’s board said so too.",
            ("The WHO", "it"),
            ["World Health Organization", "World Health Organization"],
            id="acronyms without brackets are no pronouns",
        ),
        pytest.param(
            "China said one thing. Beijing said another. The Chinese know it. Tokyo said a third.",
            ("China", "Beijing", "The Chinese", "Tokyo"),
            ["China", "China", "China", "Tokyo"],
            id="capitals stand for countries that are quoted too",
        ),
        pytest.param(
            "Dale Peterson spoke. Petersen said more.",
            ("Petersen",),
            ["Dale Peterson"],
            id="misspelt surnames",
        ),
        pytest.param(
            "Wang Yi said no. Wang Dong, a scholar, said yes. Wang said so twice.",
            ("Wang Yi", "Wang Dong", "Wang"),
            ["Wang Yi", "Wang Dong", "Wang Dong"],
            id="two people with one surname",
        ),
        pytest.param(
            "Analyst He Weiwen met Mark Lund. “The price is fair,” He told us.",
            ("He Weiwen", "He"),
            ["He Weiwen", "He Weiwen"],
            id="He as a family name",
        ),
        pytest.param(
            "President Joe Lund met Chinese President Xi Jinping. The president said it went well. "
            "The Chinese leader smiled and said so. The two leaders said they would meet again.",
            ("The president", "The Chinese leader", "The two leaders"),
            ["Joe Lund", "Xi Jinping", "Joe Lund and Xi Jinping"],
            id="offices by country, and pairs",
        ),
        pytest.param(
            "The harbour is safe, the chief engineer said.\n\nAda Crane told the council that it held.\n\nThe chief engineer said more.",
            ("the chief engineer", "The chief engineer"),
            ["chief engineer", "chief engineer"],
            id="a description nobody has stays a description",
        ),
        pytest.param(
            "A former envoy to Peru said no. Later Eve Stone, a former envoy to Peru, said yes.",
            ("A former envoy to Peru",),
            ["Eve Stone"],
            id="a role introduced after its use",
        ),
        pytest.param(
            "The principal, Dr Alma Reed, said no. His deputy, Carl Moss, agreed. The principal said so again.",
            ("The principal", "The principal"),
            ["Alma Reed", "Alma Reed"],
            id="roles before a name",
        ),
        pytest.param(
            "Harbour Watch said so in a report. The report said more. The group said it would sue.",
            ("Harbour Watch", "The report", "The group", "it"),
            ["Harbour Watch", "Harbour Watch", "Harbour Watch", "Harbour Watch"],
            id="works and nouns that stand for a body",
        ),
        pytest.param(
            "The Harbour Times had run an article warning of floods. A survey by the Dock Board said so. AFP research said no.",
            ("an article", "A survey by the Dock Board", "AFP research"),
            ["Harbour Times", "Dock Board", "AFP"],
            id="works with their makers",
        ),
        pytest.param(
            "An Acme spokesman said no. People familiar with the talks said yes. The spokesman said never. One of the people said soon.",
            ("An Acme spokesman", "People familiar with the talks", "The spokesman", "One of the people"),
            ["Acme spokesman", "People familiar with the talks", "Acme spokesman", "People familiar with the talks"],
            id="unnamed sources, the second time",
        ),
        pytest.param(
            "Canada’s justice ministry said no. It rained. The ministry said it would wait.",
            ("Canada’s justice ministry", "The ministry"),
            ["Canada’s justice ministry", "Canada’s justice ministry"],
            id="bodies under a shorter name",
        ),
        pytest.param(
            "Protesters filled the square; more protesters came. Demonstrators said no.",
            ("Demonstrators",),
            ["protesters"],
            id="crowds under one word",
        ),
        pytest.param(
            "The Harbour Board met in June. Acme Holdings released a survey of the docks. It rained. The survey said wages fell.",
            ("The survey",),
            ["Acme Holdings"],
            id="works by whoever the article says released them",
        ),
        pytest.param(
            "The jury met. Federal prosecutors charged two clerks. The indictment says they lied.",
            ("The indictment",),
            ["prosecutors"],
            id="charges by the prosecutors",
        ),
        pytest.param(
            "Harbour media reports said no. The dock workers slept. The reports said so again.",
            ("Harbour media reports", "The reports"),
            ["Harbour media", "Harbour media"],
            id="reports by the media",
        ),
        pytest.param(
            "Mass protests called for a vote. Demonstrators came back in May.",
            ("Mass protests",),
            ["demonstrators"],
            id="protests as those who protest",
        ),
        pytest.param(
            "A former dock employee says the wall leaks.\n\nIn an interview on Monday, Ada Lund said it was built in haste.",
            ("A former dock employee",),
            ["Ada Lund"],
            id="a description before the name that has no role of its own",
        ),
        pytest.param(
            "Xi Jinping, the Chinese president, smiled. Lund spoke for an hour. Lund said it rained. The president said it would stop.",
            ("Lund", "The president"),
            ["Lund", "Lund"],
            id="the president who speaks, not one abroad",
        ),
        pytest.param(
            "The Lund administration fell. Ada Lund wept. Oskar Brandt sang. The president said no.",
            ("The president",),
            ["Ada Lund"],
            id="presidents by their administration",
        ),
        pytest.param(
            "Florida Sen. Ada Lund lost. Texas Sen. Ida Holm won. The Florida senator said no.",
            ("The Florida senator",),
            ["Ada Lund"],
            id="offices by the titles short for them",
        ),
        pytest.param(
            "Mark Lund counted a share of voters who say the wall leaks.",
            ("who",),
            ["voters"],
            id="whom a relative pronoun stands behind",
        ),
        pytest.param(
            "When Mr. Lund asked Acme Corporation again, it declined. Acme Corporation lost money. They said it was hard.",
            ("They",),
            ["Acme Corporation"],
            id="a body as they",
        ),
        pytest.param(
            "Interested in Jane Doe? Add Jane Doe to the list. Doe said no. The G20 said yes. About 3,400 dockers said so.",
            ("Doe", "The G20", "About 3,400 dockers"),
            ["Jane Doe", "G20", "About 3,400 dockers"],
            id="openers, figures in names, thousands",
        ),
        pytest.param(
            'Rep. Robert C. "Bobby" Lund threw a party. Lund said yes. Bobby Lund said no. "Trade" Beijing needs, he said.',
            ('Rep. Robert C. "Bobby" Lund', "Lund", "Bobby Lund", "he"),
            ['Robert C. "Bobby" Lund'] * 4,
            id="a nickname within a name",
        ),
        pytest.param(
            "Tom Lund spoke. Many came to hear Tom Lund, a docker.\n\nNext to him stood Eric Lund.\n\nOnly Lund said yes.",
            ("Tom Lund", "Only Lund"),
            ["Tom Lund", "Tom Lund"],
            id="a bare surname is the one's who is named in full most",
        ),
        pytest.param(
            "Tom Lund spoke. Many came to hear Tom Lund, a docker.\n\nNext to him stood Eric Lund. Only Lund said yes.",
            ("Only Lund",),
            ["Eric Lund"],
            id="or the one's who is named in the same paragraph",
        ),
        pytest.param(
            "Larry King hosts Larry King Now. Mr. King said yes.",
            ("Mr. King",),
            ["Larry King"],
            id="a surname that is a role's name",
        ),
        pytest.param(
            "The harbour was calm. In May, even the harbour was loud. It said so. Senior Lund aides met Ann Lund. Lund said no.",
            ("It", "Ann Lund", "Lund"),
            [None, "Ann Lund", "Ann Lund"],
            id="no months and no seniors",
        ),
    ],
)
def test_families_of_sources(text: str, sources: tuple[str, ...], names: list[str | None]) -> None:
    assert names_in(text, *sources) == names


def test_plural_pronouns_and_it_go_back_to_the_subject() -> None:
    text = (
        "Dock workers blocked the gate on Monday. They say pay is low. Harbour officials are angry about what they call a siege. "
        "The United States is seeking changes that it says are small."
    )
    found = names_in(text, "They", "they", "it")
    assert found[0] == "Dock workers"
    assert found[1:] == ["Harbour officials", "United States"]


def test_he_after_two_men_is_the_subject_and_no_one_named_in_the_quote() -> None:
    text = (
        "Mark Lund, the mayor, met Peter Stone in March.\n\nMr Lund complained to Mr Stone about the bill. He said it was high.\n\n"
        "“Peter Stone will pay for it,” he said."
    )
    he = text.index("He said")
    last = text.index("he said")
    content = Span(text.index("“Peter"), last - 1)
    quotes = [
        Quote("", (Span(he + 8, he + 19),), source=(Span(he, he + 2),)),
        Quote("", (content,), source=(Span(last, last + 2),), kind="direct"),
    ]
    assert [quote.speaker and quote.speaker.name for quote in resolve(text, quotes)] == ["Mark Lund", "Mark Lund"]


def test_a_headline_without_source_takes_the_speaker_of_the_quote_that_it_repeats() -> None:
    text = "‘We are paying to be lectured’: fury in the docks\n\nThe sun shone.\n\n‘We are paying to be lectured,’ Ada Lund said."
    first, second, named = text.index("‘We"), text.rindex("‘We"), text.index("Ada Lund")
    quotes = [
        Quote("", (Span(first, first + 30),), kind="direct"),
        Quote("", (Span(second, second + 31),), source=(Span(named, named + 8),), kind="direct"),
    ]
    assert [quote.speaker and quote.speaker.name for quote in resolve(text, quotes)] == ["Ada Lund", "Ada Lund"]


def test_what_somebody_tells_as_said_by_others_is_not_that_speakers_own() -> None:
    text = "Jane Doe said the treaty with Ruritania was dead.\n\nLater Jane Doe denied a claim that the treaty with Ruritania was dead."
    own, told = ((at := text.index(words), at + len(words)) for words in ("the treaty with Ruritania was dead", "a claim that"))
    inner = text.rindex("that the treaty"), len(text) - 1
    spans = [(Span(*own), Span(0, 8)), (Span(told[0], inner[1]), Span(at := text.rindex("Jane"), at + 8)), (Span(*inner), None)]
    quotes = [Quote("", (content,), source=(source,) if source else ()) for content, source in spans]
    assert [quote.speaker and quote.speaker.name for quote in resolve(text, quotes)] == ["Jane Doe", "Jane Doe", None]


def test_an_indirect_quote_without_source_has_no_speaker() -> None:
    text = "Ada Lund said it rained. The wall was reported to leak."
    quotes = [Quote("", (Span(14, 23),), source=(Span(0, 8),)), Quote("", (Span(46, 53),))]
    assert resolve(text, quotes)[1].speaker is None


def test_time_grows_with_the_length_of_the_text_only() -> None:
    block = "Ada Lund, the mayor, said it rained. She said it would stop. The mayor said so.\n\n"

    def seconds(blocks: int) -> float:
        text = block * blocks
        quotes = []
        for number in range(blocks):
            for words in ("Ada Lund", "She", "The mayor"):
                at = number * len(block) + block.index(words)
                quotes.append(Quote("", (Span(at + len(words) + 1, at + len(words) + 5),), source=(Span(at, at + len(words)),)))
        begin = time.process_time()
        resolve(text, quotes)
        return time.process_time() - begin

    assert seconds(800) < 12 * seconds(200) + 0.1


def test_nobody_is_he_who_is_many_or_stands_behind_an_article() -> None:
    text = "Mary Lund sued. Lawyers told the Lantern so. One worker told the Lantern that pay is low. He said he was tired."
    assert names_in(text, "Lawyers", "One worker", "He") == ["Lawyers", "One worker", "One worker"]


def test_a_long_name_is_spelt_out_without_words_for_bodies() -> None:
    found = acronyms("The Civil Harbour Rights Front met. The CHRF said no. The U.S. Lantern Survey slept, and the USLS woke.")
    assert found["CHRF"] == "Civil Harbour Rights Front"


def test_a_line_in_capitals_names_nobody() -> None:
    text = "WATCH THE HARBOUR COMPANY FALL\n\nThe agency said no."
    assert names_in(text, "The agency") == ["agency"]


LETTERS = (
    "Where are the boats?\n\nI think the harbour is lost.\n\nAda Lund.\n\nHolm.\n\nTom Eide told me that it is mine.\n\nI believe him.\n\n"
    "Nora Quill is a docker and writes at night.\n"
)


def test_i_outside_of_quotes_is_who_writes() -> None:
    assert names_in(LETTERS, "I", "I") == ["Ada Lund", "Nora Quill"]
    assert names_in(LETTERS.replace("Nora Quill is", "Nora Quill said"), "Tom Eide", "I")[1] == "Tom Eide"
    assert names_in("“I know,” said Ann Holm.\n\nAda Lund.\n", "I") == [None]


def test_an_article_alone_is_no_source() -> None:
    assert names_in("The talks go on. A boat sank.", "The", "A") == [None, None]
