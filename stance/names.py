"""Finds who is named in a text: persons, bodies, the roles given to persons. Reads surface form only; `speakers` decides who is who."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stance.document import Span

Gender = Literal["he", "she"]

_MALE_TITLES = "mr mister sir lord king prince father sen. congressman chairman spokesman".split()
_FEMALE_TITLES = "mrs ms miss dame lady baroness queen princess congresswoman chairwoman spokeswoman madam madame".split()
_TITLES = frozenset(
    [*_MALE_TITLES, *_FEMALE_TITLES]
    + "mx dr doctor prof professor rev reverend hon sen senator rep reps representative rep. gov governor gen general lt lieutenant col colonel capt captain maj "
    "major adm admiral cmdr commander sgt sergeant judge justice rabbi imam pope mayor sheriff councillor cllr president premier".split()
)
_ROLE_HEADS = frozenset(
    "president minister secretary chancellor premier leader chair chairman chairwoman chairperson chief director head spokesman spokeswoman spokesperson "
    "ambassador envoy senator congressman congresswoman representative governor mayor mp mps lawmaker legislator commissioner adviser advisor "
    "analyst economist professor lecturer scholar researcher historian expert strategist executive ceo founder co-founder editor author journalist reporter "
    "commander general admiral officer official diplomat counsel lawyer attorney activist campaigner candidate nominee whip speaker vice-president "
    "negotiator representative treasurer manager partner fellow premier deputy counterpart colleague dissident farmer owner student teacher doctor "
    "trader investor boss host columnist prosecutor judge backbencher frontbencher peer baroness lord king queen prince pope bishop "
    "politician democrat republican conservative".split()
)
_NOT_NAMES = frozenset(
    "a an the this that these those it its he she they we i you his her their our my your who which what when where while why how if but and or nor so yet for of in on "
    "at by to from with without as after before since until during under over into about against between among although though because despite "
    "however meanwhile moreover still also then there here now today yesterday tomorrow tonight monday tuesday wednesday thursday friday saturday sunday january "
    "february march april may june july august september october november december one two three four five six seven eight nine ten some many most "
    "several all both each every any no not other another such more much few last next earlier later former ex new speaking asked responding "
    "following according according earlier even just only once instead indeed perhaps yes let do does did don is are was were be been have has had will would can could "
    "should must might shall mr mrs ms messrs jan feb mar apr aug sept oct nov dec many others officials".split()
)
_NATIONS = frozenset(
    "british english scottish welsh irish american u.s. u.s us uk u.k. u.k chinese russian french german japanese korean indian australian canadian european taiwanese tory "
    "tories labour conservative democratic republican liberal eu un nato communist socialist green dutch italian spanish swedish norwegian "
    "danish finnish polish czech hungarian lithuanian ukrainian turkish israeli iranian saudi pakistani vietnamese philippine filipino indonesian malaysian "
    "thai singaporean brazilian mexican western asian african north south east".split()
)
_MODIFIERS = _NATIONS | {"state", "affairs", "defence", "defense", "security", "treasury", "commerce", "trade", "health", "shadow", "vice", "deputy"}
_BODY_WORDS = frozenset(
    "office ministry department committee commission council group university college institute institution party house times post news agency bank company "
    "corp corporation inc ltd llc court association union center centre congress parliament senate government administration authority bureau board "
    "force forces navy army airlines airways technologies holdings fund foundation alliance coalition chamber federation organization organisation forum "
    "journal daily guardian telegraph herald tribune network street hall kong states kingdom nations republic sea strait service services police "
    "organisation industries motors international global research society trust church league command watch press media".split()
)
_PARTICLES = frozenset("de da di del della van von der den al bin ibn ben la le el du dos ter ten o'".split())
_TOKEN = re.compile(r"(?:[A-Z]\.){1,3}|[^\W\d_]+(?:[-'’][^\W\d_]+)*\.?|[^\w\s]|\d+")
_INITIALS = re.compile(r"(?:[A-Z]\.)+")
_ACRONYM = re.compile(r"\(([A-Z][A-Za-z]*[A-Z]+s?)\)")
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it stands in a text.

    Attributes:
        span: Where the name itself stands, without title or role.
        words: Its words, without possessive.
        title: The word of address before it, lower-case, or an empty string.
        role: Role words before it, as in *security minister Tom Tugendhat*, or an empty string.
        body: Whether it names a body, a place or a work rather than a person.
    """

    span: Span
    words: tuple[str, ...]
    title: str = ""
    role: str = ""
    body: bool = False

    @property
    def text(self) -> str:
        """The name's words, joined."""
        return " ".join(self.words)

    @property
    def gender(self) -> Gender | None:
        """What the title, or else the first name, tells."""
        if self.title in _MALE_TITLES:
            return "he"
        if self.title in _FEMALE_TITLES:
            return "she"
        return gender_of(self.words[0]) if len(self.words) > 1 else None


def find_names(text: str, within: Span) -> list[Name]:
    """The names in a stretch of text, in order; a sentence's first word counts only where more capitals follow or it has a title."""
    found: list[Name] = []
    run: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text, within.start, within.end):
        word = _clean(token[0])
        adjacent = not run or text[run[-1].end() : token.start()].strip(" \u00a0") == ""
        if not adjacent:
            found.extend(_names_of_run(run, text))
            run = []
        if word[:1].isupper() or (run and word.lower() in _PARTICLES):
            run.append(token)
            ends = token[0].endswith(".") and word.lower() not in _TITLES and len(word) > 2 and not _INITIALS.fullmatch(token[0])
            if not ends and not token[0].endswith(("'s", "’s", "s'", "s’")):
                continue
        found.extend(_names_of_run(run, text))
        run = []
    found.extend(_names_of_run(run, text))
    return found


def _clean(token: str) -> str:
    word = _POSSESSIVE.sub("", token)
    return word if _INITIALS.fullmatch(word) else word.rstrip(".")


def _names_of_run(run: list[re.Match[str]], text: str) -> Iterator[Name]:
    words = [_clean(token[0]) for token in run]
    while words and words[-1].lower() in _PARTICLES | _NOT_NAMES:
        run, words = run[:-1], words[:-1]
    begin, title, role_end = 0, "", 0
    for at, word in enumerate(words):
        low = word.lower()
        if low in _TITLES and at + 1 < len(words):
            begin, title, role_end = at + 1, low, at + 1
        elif low in _ROLE_HEADS and at + 1 < len(words):
            begin, role_end = at + 1, at + 1
        elif begin == at and (low in _NOT_NAMES or (low in _MODIFIERS and at + 1 < len(words) and not _is_body(words[at:]))):
            begin = at + 1
    kept = words[begin:]
    if not kept or (len(kept) == 1 and kept[0].lower() in _NOT_NAMES | _ROLE_HEADS):
        return
    first, last = run[begin], run[-1]
    span = Span(first.start(), last.start() + len(_clean(last[0])))
    before = words[:role_end] if role_end else []
    role = " ".join(word for word in before if word.lower() not in _NOT_NAMES and (word.lower() not in _TITLES or word.lower() in _ROLE_HEADS))
    if not role:
        role = _role_before(text, run[0].start())
    yield Name(span, tuple(kept), title, role, _is_body(kept) and not title)


def _role_before(text: str, at: int) -> str:
    """Lower-case role words right before a name: *former party leader* Iain Duncan Smith."""
    head = re.search(r"((?:[\w’'-]+ ){0,4}[\w-]+) $", text[max(0, at - 80) : at])
    if not head:
        return ""
    words = head[1].split()
    if words[-1].lower() not in _ROLE_HEADS:
        return ""
    for back in range(len(words) - 1, -1, -1):
        if words[back].lower() in _NOT_NAMES or words[back].endswith(("'s", "’s")):
            return " ".join(words[back + 1 :])
    return " ".join(words)


def _is_body(words: list[str]) -> bool:
    lower = [word.lower() for word in words]
    return len(words) > 4 or any(word in _BODY_WORDS for word in lower) or all(word in _NATIONS for word in lower)


def is_role(word: str) -> bool:
    """Whether a noun names an office or occupation: *minister*, *analyst*."""
    low = word.lower().rstrip(".,")
    return low in _ROLE_HEADS or (low.endswith("s") and low[:-1] in _ROLE_HEADS)


def is_function_word(word: str) -> bool:
    """Whether a word is a determiner, pronoun, preposition or the like, never part of a name."""
    return word.lower() in _NOT_NAMES


def acronyms(text: str) -> dict[str, str]:
    """Short forms that the text explains, as `Inter-Parliamentary Alliance on China (IPAC)`: short → long."""
    found: dict[str, str] = {}
    for match in _ACRONYM.finditer(text):
        letters = match[1].rstrip("s")
        words = list(re.finditer(r"[\w’'.]+", text[max(0, match.start() - 120) : match.start()]))
        for count in range(min(len(words), len(letters) + 4), 0, -1):
            tail = words[-count:]
            initials = "".join(word[0][0] for word in tail if word[0][0].isupper())
            if initials == letters.upper() and tail[0][0][0].isupper():
                found[match[1]] = text[max(0, match.start() - 120) + tail[0].start() : match.start()].strip()
                break
    return found


def gender_of(first_name: str) -> Gender | None:
    """The pronoun that goes with a common English-language first name; None for all others."""
    low = first_name.lower()
    return "she" if low in _FEMALE else "he" if low in _MALE else None


_FEMALE = frozenset(
    "abigail alice alicia alison amanda amy andrea angela angelina ann anna anne annabel annie audrey barbara beatrice becky bernadette beth betty beverly brenda "
    "bridget carol caroline carolyn catherine cathy charlotte cheryl chloe chrystia cindy claire clare condoleezza cynthia dana deborah debra denise diana diane dianne donna "
    "doris dorothy eileen elaine eleanor elena elizabeth ellen emily emma erica erin esther eva evelyn fiona florence frances gail gina gloria grace gretchen hannah "
    "harriet heather heidi helen helena hilary hillary holly irene isabel ivanka jacinda jackie jacqueline jane janet janice jasmine jean jen jenna jennifer jenny jessica "
    "jill joan joanna joanne josephine joy joyce judith judy julia julie june kamala karen kate katherine kathleen kathryn kathy katie kayleigh kelly kerry kim kirsten kristen laura "
    "lauren leah liliana linda lisa liz lois lorraine louise lucy lynn madeleine maggie margaret maria marie marilyn marine marjorie martha mary maureen megan melania "
    "melanie melissa meredith michelle mildred miriam molly monica nadine nancy naomi natalie nicola nicole nikki nina nora olivia pamela patricia patty paula pauline penny "
    "phyllis priti priyanka rachel rebecca rhonda rita roberta robin rosa rose rosemary ruth sally samantha sandra sara sarah shannon sharon sheila shirley sonia "
    "sophia sophie stephanie sue susan suzanne sylvia tammy tara teresa theresa tina tracy ursula valerie vanessa vera veronica vicky victoria virginia wendy yasmin yvette "
    "yvonne zoe".split()
)
_MALE = frozenset(
    "aaron abraham adam adrian ahmed al alan albert alex alexander alistair allan allen alok andrew andy angus anthony antonio antony arnold arthur barack barry ben benjamin "
    "bernard bernie bill billy bob boris brad bradley brandon brendan brett brian bruce bryan carl carlos charles charlie chester chris christian christopher chuck clarence "
    "claude clive colin craig curtis dale damian dan daniel danny darren dave david dean dennis derek dick dmitry dominic don donald doug douglas duncan dwight earl ed eddie "
    "edgar edmund eduardo edward edwin elliott emmanuel enda eric ernest eugene evan felix francis francois frank frankie fred frederick gareth gary gavin geoff geoffrey george "
    "gerald gerard gideon giles glenn gordon graham grant greg gregory guy harold harry henry herbert howard hugh hugo iain ian isaac ivan jack jacob jake james jamie jared jason "
    "jay jean-claude jeff jeffrey jeremy jerry jesse jim jimmy joe joel john johnny jon jonathan jose joseph josh joshua juan julian justin karl keith ken kenneth kevin kurt "
    "lance larry lawrence lee leo leon leonard liam lindsey lloyd louis luis luke malcolm manuel marc marco marcus mario mark martin marvin matt matthew maurice max michael "
    "michel mick mike mitch mitt mohammed morgan narendra nathan neil newt nicholas nick nicolas nigel noah norman oliver omar oscar owen patrick paul pedro pete peter phil "
    "philip phillip rafael ralph rand randy raymond rex richard rick ricky rishi robert rod rodney roger roland ron ronald ross roy rudy rupert russell ryan sam samuel "
    "scott sean sebastian shane shaun shinzo sidney simon spencer stanley stephen steve steven stuart ted terrence terry theodore thomas tim timothy toby todd tom tommy tony "
    "travis trevor tucker tyler vernon victor vincent vladimir wallace walter warren wayne wilbur william winston zachary".split()
)
