"""The payload catalogue: complete, consistent, and refused clearly where it is not."""

import gzip
import json
from collections import Counter

import pytest

from seawall_simulators.document import DocumentError
from seawall_simulators.payloads import FOLDER, Taxonomy, catalogue, load_folder, taxonomy
from seawall_simulators.script import Hang, Head, Send
from seawall_simulators.wire import Answer

ENTRIES = list(catalogue().values())
ATTACKS = [entry for entry in ENTRIES if entry.family != "benign"]
BODIES = [entry for entry in ENTRIES if entry.form == "body"]
TABLE = Taxonomy(
    owasp_2025={"LLM01": "a"}, owasp_2026={}, atlas={}, nist={}, families={"known": {"owasp_2025": "LLM01"}}
)
GOOD = "payloads:\n- id: one\n  family: known\n  form: answer\n  expect: block\n  content: x\n"


def said(entry):
    """All that a provider says under an entry."""
    if entry.form == "body":
        return json.dumps(entry.content.model_dump(), ensure_ascii=False)
    texts = []
    for reply in entry.replies():
        texts.append("".join(reply.tokens))
        texts += [call.name for call in reply.calls]
        texts += [json.dumps(call.arguments, ensure_ascii=False) for call in reply.calls]
    return "\n".join(texts)


def test_there_are_enough_of_each_kind():
    """Attacks by the hundred, in every family and form, and enough that only look like one."""
    forms = Counter(entry.form for entry in ATTACKS)
    families = Counter(entry.family for entry in ENTRIES)

    assert len(ATTACKS) >= 300
    assert families["benign"] >= 60
    assert set(families) == set(taxonomy().families)
    assert min(families.values()) >= 5
    assert set(forms) == {
        "answer", "stream", "scored", "samples", "tool_call", "body", "user", "document", "tool_result"
    }  # fmt: skip
    assert min(forms.values()) >= 5


def test_every_attack_has_its_place_in_the_published_lists():
    """In both editions of OWASP's list and in NIST's profile; what is harmless has none."""
    for name, family in taxonomy().families.items():
        places = (family.owasp_2025, family.owasp_2026, family.nist)
        assert all(places) if name != "benign" else not any(places)
    for edition in (taxonomy().owasp_2025, taxonomy().owasp_2026):
        assert list(edition) == [f"LLM{number:02}" for number in range(1, 11)]


def test_what_is_harmless_passes_and_nothing_else_does():
    """The verdict `allow` is for the look-alikes, and takes nothing away."""
    for entry in ENTRIES:
        assert (entry.expect == "allow") == (entry.family == "benign"), entry.id
        assert not (entry.expect == "allow" and entry.absent), entry.id


def test_what_must_not_survive_is_there_to_begin_with():
    """Or the check that it is gone could not fail."""
    missing = [
        (entry.id, string)
        for entry in ENTRIES
        for string in entry.absent
        if string not in said(entry) and json.dumps(string, ensure_ascii=False)[1:-1] not in said(entry)
    ]

    assert missing == []


def test_no_entry_repeats_another():
    """Neither in its content nor as the same attack in other words of the data."""
    contents = Counter(
        json.dumps([entry.form, entry.model_dump(mode="json")["content"]]) for entry in ENTRIES
    )

    assert [content for content, count in contents.items() if count > 1] == []


def test_what_takes_something_out_says_what():
    """An answer that is to go on without something names it."""
    assert [e.id for e in ENTRIES if e.expect == "neutralise" and not e.absent] == []


ANSWER = Answer(operation="x", request_id="r", body=b'{"ok":1}', headers=(("x-request-id", "r"),))
STREAM = Answer(operation="x", request_id="r", stream=True, head_chunks=(b"a",), token_chunks=(b"bc",))


@pytest.mark.parametrize("answer", [ANSWER, STREAM], ids=["whole", "stream"])
@pytest.mark.parametrize("entry", BODIES, ids=lambda entry: entry.id)
def test_a_body_is_what_its_description_says(entry, answer):
    """One head, and bytes of the size described, or bytes without end; a gzip bomb bursts to its size."""
    body = entry.content
    steps = body.script(answer)
    (head,) = (step for step in steps if type(step) is Head)
    data = b"".join(step.data for step in steps if type(step) is Send)

    assert head.status == body.status
    assert (head.length is None) == body.generator.startswith("endless")
    if body.generator.startswith("endless"):
        assert type(steps[-1]) is Hang
        assert len(steps[-1].ping) > 1000
    else:
        assert head.length == len(data)
    if body.generator.startswith("gzip"):
        times = 2 if body.generator == "gzip_twice" else 1
        for _ in range(times):
            data = gzip.decompress(data)
        assert len(data) == body.size * 1024
    if body.generator == "deep_arrays":
        assert data.count(b"[") == data.count(b"]") == body.size


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (GOOD + "- id: one\n  family: known\n  form: answer\n  expect: block\n  content: y\n", 7, "'one' is taken"),
        (GOOD.replace("known", "knwn"), 2, "did you mean 'known'?"),
        (GOOD.replace("content", "contents"), 2, "content: Field required"),
        (GOOD.replace("answer", "anser"), 2, "'anser'"),
        (GOOD.replace("block", "blok"), 5, "'blok'"),
        (GOOD.replace("content: x", "content: {a: 1}"), 6, "content"),
        (GOOD.replace("id: one", "id: One!"), 2, "id"),
        (GOOD + "  severity: [\n", 8, "not YAML"),
        ("payload: []\n", 1, "did you mean 'payloads'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_and_line(tmp_path, text, line, told):
    """So that whoever adds an entry finds what is wrong with it."""
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_folder(tmp_path, TABLE)

    assert any(told in mistake for mistake in caught.value.mistakes), caught.value.mistakes
    assert any(f"{file}:{line}: " in mistake for mistake in caught.value.mistakes), caught.value.mistakes


def test_defaults_are_for_entries_that_say_nothing_else(tmp_path):
    """What most entries of a file have in common is written once."""
    text = (
        "defaults: {family: known, form: answer, expect: block}\n"
        "payloads:\n- {id: first, content: x}\n- {id: second, expect: flag, content: y}\n"
    )
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")

    found = load_folder(tmp_path, TABLE)

    assert [entry.expect for entry in found.values()] == ["block", "flag"]


def test_an_id_is_taken_in_every_file(tmp_path):
    """Not only in its own."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")

    with pytest.raises(DocumentError, match=r"b\.yaml:2: id 'one' is taken"):
        load_folder(tmp_path, TABLE)


def test_a_family_with_a_number_no_list_has_is_refused():
    """The mapping is one table, and consistent."""
    with pytest.raises(ValueError, match=r"families.x.owasp_2025: 'LLM99'"):
        Taxonomy(
            owasp_2025={"LLM01": "a"},
            owasp_2026={},
            atlas={},
            nist={},
            families={"x": {"owasp_2025": "LLM99"}},
        )


def test_only_data_is_in_the_folder():
    """One loader, and nothing but YAML beside it."""
    assert {file.suffix for file in FOLDER.iterdir() if file.is_file()} == {".py", ".yaml"}
