"""Questions as data: read, refused, kept by recipes and models, and one of another target from its articles to its answers."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import stance
from stance import checkpoints
from stance.articles import read_folder, write_article
from stance.checks import check_file, check_files
from stance.cli import app, main
from stance.conversion import read, stances, write
from stance.document import Document, Stance
from stance.errors import QuestionError, StanceError, TrainingError
from stance.evaluation.compare import compare
from stance.formats.brat import annotation_conf
from stance.formats.label_studio import config
from stance.pipeline import Judge
from stance.questions import Question, question_of, read_question, shipped_question
from stance.training import stance as training
from stance.training.recipe import Recipe, Stage, read_recipe, write_recipe
from stance.training.run import train_model
from stance.training.tuning import tuning_recipe

TAX = Path(__file__).parent / "carbon_tax"
LABELS = ("support", "oppose", "neutral")
ROW = {"target": "a carbon tax", "positive": "support", "negative": "oppose", "neutral": "neutral"}


def test_a_question_is_read_from_a_file() -> None:
    question = read_question(TAX / "question.toml")
    assert (question.target, question.labels) == ("a carbon tax", LABELS)
    assert question.meanings["oppose"] == "There should be no carbon tax."
    assert question_of(question.to_row(), "again").to_row() == question.to_row()
    assert question_of(ROW, "bare").meanings == {}
    assert shipped_question().target == "China"


def test_a_labelling_config_has_the_labels_of_the_question() -> None:
    command = ["convert", "--to", "label-studio", "--config-only", "--question", str(TAX / "question.toml")]
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 0
    assert answer.stdout == config(LABELS)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        *(({name: None}, name) for name in ROW),
        ({"target": "  "}, "target"),
        ({"positive": 1}, "positive = 1"),
        ({"negative": "oppose "}, "without space"),
        ({"neutral": "support"}, "must differ"),
        ({"negative": "mixed"}, "'mixed'"),
        ({"threshold": 0.5}, "no question has threshold"),
        ({"meanings": {"engage": "We should talk."}}, "sentences for support, oppose, neutral"),
        ({"meanings": {"support": 1}}, "sentences"),
        ({"meanings": "Yes."}, "sentences"),
    ],
)
def test_what_is_no_question_is_refused(changes: dict[str, object], expected: str) -> None:
    row = {key: value for key, value in {**ROW, **changes}.items() if value is not None}
    with pytest.raises(QuestionError, match=expected) as caught:
        question_of(row, "tax.toml")
    assert str(caught.value).startswith("tax.toml: ")


@pytest.mark.parametrize("row", ["China", ["China"], None, 1])
def test_a_question_is_a_table(row: object) -> None:
    with pytest.raises(QuestionError, match="a table"):
        question_of(row, "tax.toml")


@pytest.mark.parametrize("data", [b"target = ", b"\xff", b""])
def test_a_file_that_holds_no_question_is_named(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "tax.toml"
    path.write_bytes(data)
    for place in (path, tmp_path, tmp_path / "none.toml"):
        with pytest.raises(QuestionError, match=place.name):
            read_question(place)


@pytest.mark.parametrize(
    "told",
    ['question = "China"\n', "question = [1]\n", '[question]\ntarget = "a carbon tax"\n', "[question", '[[question]]\ntarget = "x"\n'],
)
def test_a_recipe_with_a_bad_question_is_refused(told: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    stages = '[[stages]]\ndata = ["seeds/train"]\nepochs = 1\nlearning_rate = 0.1\n'
    path.write_text(f'base = "x"\n{told}{stages}' if told.startswith("question") else f'base = "x"\n{stages}{told}')
    with pytest.raises((QuestionError, TrainingError), match=r"recipe\.toml"):
        read_recipe(path)


def test_a_bad_question_gives_one_line_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tax.toml").write_text('target = "a carbon tax"\n')
    (tmp_path / "recipe.toml").write_text('base = "x"\nquestion = "y"\n[[stages]]\ndata = ["a"]\nepochs = 1\nlearning_rate = 0.1\n')
    (tmp_path / "latin.toml").write_bytes(b'base = "\xe9"\n')
    lines = [
        f"stance check {TAX} --question {tmp_path / 'tax.toml'}",
        f"stance train --task stance --data {TAX} --question {tmp_path / 'tax.toml'}",
        f"stance train stance --recipe {tmp_path / 'recipe.toml'}",
        f"stance train stance --recipe {tmp_path / 'latin.toml'}",
    ]
    for line in lines:
        monkeypatch.setattr(sys, "argv", line.split())
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[:2] for line in said] == [
        ["stance", str(tmp_path / name)] for name in ("tax.toml", "tax.toml", "recipe.toml", "latin.toml")
    ]


def test_a_recipe_keeps_its_question_with_the_meanings(tmp_path: Path) -> None:
    question = read_question(TAX / "question.toml")
    odd = Question("tax “x” \\ [y]", "for it", "against it", "für", {"for it": 'We "should".\nNow.', "für": "é = 1"})
    for number, asked in enumerate((question, odd, replace(question, meanings={}))):
        recipe = Recipe("base", (Stage(("seeds/train",), 1, 0.1),), question=asked)
        path = tmp_path / f"{number}.toml"
        write_recipe(recipe, path)
        again = read_recipe(path)
        assert again == recipe
        assert again.question is not None
        assert again.question.to_row() == asked.to_row()
    before = (tmp_path / "0.toml").read_text()
    write_recipe(
        Recipe("base", (Stage(("seeds/train",), 1, 0.1),), question=replace(question, meanings={"oppose": "No."})), tmp_path / "0.toml"
    )
    assert "No." not in before
    assert "No." in (tmp_path / "0.toml").read_text()


def test_articles_are_checked_against_their_question() -> None:
    question = ["--question", str(TAX / "question.toml")]
    result = CliRunner().invoke(app, ["check", str(TAX), *question])
    assert (result.exit_code, result.stdout) == (0, "")
    wrong = CliRunner().invoke(app, ["check", str(TAX)])
    assert wrong.exit_code == 1
    assert "stance 'support' is none of engage, hawkish, neutral" in wrong.stdout
    assert "`target` is 'a carbon tax', the question is about 'China'" in wrong.stdout
    kinds = {quote.kind for document in read_folder(TAX) for quote in document.quotes}
    assert kinds == {"direct", "mixed", "indirect"}


def test_a_target_is_checked_by_itself(tmp_path: Path) -> None:
    document = next(read_folder(TAX))
    write_article(replace(document, target="a sugar tax"), tmp_path / "a.json")
    (problem,) = check_file(tmp_path / "a.json", read_question(TAX / "question.toml"))
    assert "'a sugar tax'" in problem.message
    write_article(replace(document, target=None), tmp_path / "a.json")
    assert check_files([tmp_path / "a.json"], read_question(TAX / "question.toml")) == []


def test_articles_of_another_target_are_refused_by_name() -> None:
    tokenizer = checkpoints.load_tokenizer(checkpoints.locate("stance"))
    question = read_question(TAX / "question.toml")
    document = next(read_folder(TAX))
    with pytest.raises(TrainingError, match=f"^{document.id}: .*'a sugar tax'.*'a carbon tax'"):
        training.read_items([replace(document, target="a sugar tax")], tokenizer, 96, question)
    with pytest.raises(TrainingError, match=f"^{document.id}: .*'a carbon tax'.*'China'"):
        training.read_items([document], tokenizer, 96, shipped_question())
    assert len(training.read_items([replace(document, target=None)], tokenizer, 96, question)) == len(document.quotes)


def test_another_questions_articles_are_not_mixed_with_the_projects_own(
    tax_model: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    question = read_question(TAX / "question.toml")
    own = (f"{TAX}#train",)
    asked = tuning_recipe("stance", [TAX], question=question)
    assert asked.stages[0].data == own
    assert asked.question == question
    gone_on = tuning_recipe("stance", [TAX], base=str(tax_model))
    assert (gone_on.stages[0].data, gone_on.question) == (own, None)
    assert gone_on.stages[0].learning_rate < asked.stages[0].learning_rate
    assert tuning_recipe("stance", [TAX], base=str(tax_model), question=question) == gone_on
    shipped = tuning_recipe("stance", [TAX])
    assert {"seeds/train", "seeds/train/some:800"} < set(shipped.stages[0].data)
    back = tuning_recipe("stance", [TAX], base=str(tax_model), question=shipped_question())
    assert (back.question, back.stages[0].data) == (shipped_question(), shipped.stages[0].data)


@pytest.fixture(scope="module")
def single_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tax_model(single_thread: None, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line trains on the articles."""
    folder = tmp_path_factory.mktemp("tax")
    options = ["--question", str(TAX / "question.toml"), "--task", "stance", "--base", str(tiny_base)]
    places = ["--data", str(TAX), "--dev", str(TAX / "mill-town.json"), "--out", str(folder), "--work", str(folder / "work")]
    result = CliRunner().invoke(app, ["train", *options, *places])
    assert result.exit_code == 0, result.output
    return folder / "stance"


def test_a_trained_model_keeps_its_question(tax_model: Path) -> None:
    question = read_question(TAX / "question.toml")
    assert json.loads((tax_model / "config.json").read_text())["question"] == question.to_row()
    assert Judge(tax_model).question.to_row() == question.to_row()
    assert read_recipe(tax_model / "recipe.toml").question == question


def test_it_answers_with_its_own_labels_and_target(tax_model: Path, tmp_path: Path) -> None:
    for number, document in enumerate(read_folder(TAX)):
        (tmp_path / f"{number}.txt").write_text(document.text, encoding="utf-8")
    files = sorted(map(str, tmp_path.glob("*.txt")))
    result = CliRunner().invoke(app, ["classify", *files, "--format", "jsonl", "--model", str(tax_model)])
    assert result.exit_code == 0, result.output
    documents = [Document.from_json(line) for line in result.stdout.splitlines()]
    assert {document.target for document in documents} == {"a carbon tax"}
    quotes = [quote for document in documents for quote in document.quotes if quote.stance]
    assert len(quotes) > 20
    assert all(tuple(quote.stance.probabilities) == LABELS for quote in quotes if quote.stance)
    sums = {speaker.stance.label for document in documents for speaker in document.speakers if speaker.stance}
    assert sums
    assert sums <= {*LABELS, "mixed"}


def test_it_learns_its_articles_in_enough_passes(tax_model: Path, tmp_path: Path) -> None:
    recipe = Recipe(str(tax_model), (Stage((str(TAX),), 40, 1e-2),), window=96)
    train_model("stance", recipe, tmp_path / "model", tmp_path / "work")
    judged = Judge(tmp_path / "model").judge(list(read_folder(TAX)))
    pairs = [
        (one.stance.label, other.stance.label)
        for gold, found in zip(read_folder(TAX), judged, strict=True)
        for one, other in zip(gold.quotes, found.quotes, strict=True)
        if one.stance and other.stance
    ]
    right = sum(gold == found for gold, found in pairs)
    most = max(sum(gold == label for gold, _ in pairs) for label in LABELS)
    assert right > 1.5 * most


def test_its_card_tells_the_question_and_the_limits(tax_model: Path) -> None:
    card = (tax_model / "README.md").read_text(encoding="utf-8")
    assert "# Stance of a quote: a carbon tax\n" in card
    assert "| `support` | +1 | We should have a carbon tax, and keep it. |" in card
    assert "| `oppose` | −1 | There should be no carbon tax. |" in card
    assert "| `neutral` | 0 | This says nothing" in card
    limits = card.split("## Limits")[1]
    for word in (
        "`support` or `oppose`",
        "rank politicians",
        "`stance.estimate`",
        "than English",
        "satire",
        "context",
        "moderate",
        "no opinion",
    ):
        assert word in limits
    assert not any(word in card for word in ("China", "hawk", "engage"))


def test_it_is_measured_against_the_most_frequent_label(tax_model: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", "--model", str(tax_model), "--data", str(TAX), "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    rows = {row["metric"]: row for row in json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))}
    assert {f"stance F1, {label}" for label in LABELS} < set(rows)
    assert rows["stance macro-F1"]["count"] == 4
    assert "most frequent label" in result.stderr
    assert "11 of 12 articles left out, as a model has learnt from them" in result.stderr


def test_models_of_two_questions_and_articles_of_another_target_are_not_compared(tax_model: Path, tmp_path: Path) -> None:
    document = next(read_folder(TAX))
    write_article(replace(document, text=document.text + " ", target=None), tmp_path / "a.json")
    with pytest.raises(QuestionError, match="another question"):
        compare(tax_model, checkpoints.locate("stance"), [tmp_path])
    write_article(replace(document, text=document.text + " ", target="China"), tmp_path / "a.json")
    with pytest.raises(StanceError, match="1 of 1 articles left out, as they are not about 'a carbon tax'"):
        compare(tax_model, None, [tmp_path])


def test_a_model_of_another_question_lends_its_encoder_alone(tax_model: Path, tmp_path: Path) -> None:
    other = replace(read_question(TAX / "question.toml"), target="a carbon levy")
    recipe = Recipe(str(tax_model), (Stage((str(tmp_path / "a.json"),), 1, 1e-4),), window=96, question=other)
    lent, _, question = training.begin(recipe)
    own, _, same = training.begin(replace(recipe, question=None))
    assert (question, same.target) == (other, "a carbon tax")
    theirs, ours = lent.state_dict(), own.state_dict()
    differing = {name for name in ours if not torch.equal(ours[name], theirs[name])}
    assert differing
    assert not any(name.startswith("encoder.") for name in differing)
    document = next(read_folder(TAX))
    write_article(replace(document, target="a carbon levy"), tmp_path / "a.json")
    edited = tmp_path / "base"
    edited.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (edited / name).write_bytes((tax_model / name).read_bytes())
    settings = json.loads((edited / "config.json").read_text()) | {"temperature": 3.0, "threshold": 0.9}
    (edited / "config.json").write_text(json.dumps(settings))
    checkpoints.write_manifest(edited)
    made = train_model("stance", replace(recipe, base=str(edited)), tmp_path / "model", tmp_path / "work")
    assert made.calibration.startswith("Not calibrated")
    assert json.loads((tmp_path / "model" / "config.json").read_text())["temperature"] == 1.0
    assert "from the encoder of the weights in" in (tmp_path / "model" / "README.md").read_text()


def test_its_labels_are_offered_and_kept_by_other_formats(tmp_path: Path) -> None:
    documents = list(read_folder(TAX))
    assert sorted(stances(documents)) == sorted(LABELS)
    made = config(stances(documents))
    assert all(f'<Choice value="{label}"/>' in made for label in LABELS)
    assert "engage" not in made
    assert "Stance\tArg:Quote, Value:neutral|oppose|support\n" in annotation_conf(stances(documents))
    for target, name in (("label-studio", "a.json"), ("brat", "b"), ("jsonl", "c.jsonl"), ("parquet", "d.parquet"), ("articles", "e")):
        write(documents, target, tmp_path / name)
        assert sorted(read([tmp_path / name]), key=lambda document: document.id) == documents


@pytest.mark.parametrize(
    ("labels", "offered"),
    [
        ([], ["engage", "hawkish", "neutral"]),
        (["neutral"], ["engage", "hawkish", "neutral"]),
        (["hawkish", "dovish"], ["engage", "hawkish", "neutral", "dovish"]),
        (["support", "neutral"], ["neutral", "support"]),
    ],
)
def test_the_shipped_labels_are_offered_unless_the_question_is_another(labels: list[str], offered: list[str]) -> None:
    document = next(read_folder(TAX))
    quotes = [replace(quote, stance=Stance(label)) for quote, label in zip(document.quotes, labels, strict=False)]
    assert stances([Document.assemble(document.text, quotes)]) == offered


def test_a_trained_model_reads_in_python(tax_model: Path) -> None:
    document = stance.load(stance=tax_model)(next(read_folder(TAX)))
    assert document.target == "a carbon tax"
