"""Policy files: what is wrong is named, what is right is followed, and reloading never half-reads."""

import os

import pytest

from sophro.errors import SophroError
from sophro.guard import Policy, PolicyFile
from sophro.guard.policy import reply_for
from sophro.guard.policy._replies import SHIPPED
from sophro.guard.scanners._turns import declined

GOOD = "name: mine\ninput:\n  - {detector: toxic_zh, threshold: 0.5, action: refuse}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds nothing"),
        ("[1, 2]", "holds a list"),
        ("input: [", "line 1: not YAML"),
        ("name: a\nname: b", "'name' is written twice"),
        ("inptu: []", "inptu: unknown field"),
        (
            "input:\n - {detector: toxic_zh, threshold: 75, action: refuse}",
            "input[0].threshold: input should be less",
        ),
        ("input:\n - {detector: toxic_zh, threshold: .nan, action: refuse}", "input[0].threshold"),
        ("input:\n - {detector: toxic_zh, threshold: 0, action: refuse}", "input[0].threshold"),
        ("input:\n - {detector: toxic_zh, action: block}", "input[0].action"),
        ("input:\n - {detector: toxic_cn, action: refuse}", "did you mean toxic_zh?"),
        ("input:\n - {detector: toxic_zh, label: rude, action: refuse}", "unknown label of toxic_zh 'rude'"),
        ("output:\n - {detector: prompt_harm, action: refuse}", "does not look at output"),
        ("input:\n - {detector: llama-guard-3-harm, action: hold}", "unknown detector"),
        ("output:\n - {detector: nonsense@openai/x, action: hold}", "unknown LLM guard"),
        ("options: {toxic_zh: {undo: false}}", "options: unknown detector of this policy"),
        (GOOD + "tenants: {a: {thresholds: {prompt_harm: 0.5}}}", "tenants.a.thresholds: unknown rule"),
        (GOOD + "tenants: {a: {output: [{detector: crisis, action: hold}]}}", "tenants.a.output[0]"),
        ("escalation: {webhook: ftp://x}", "must begin with https"),
        ("streaming: {window: 0}", "streaming.window"),
        ("format: 2", "format"),
    ],
)
def test_a_wrong_policy_is_refused_with_file_and_field(tmp_path, text, said):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(SophroError) as error:
        Policy.load(path)
    assert said in str(error.value) and str(path) in str(error.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path, said in ((tmp_path / "no.yaml", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(SophroError, match=said):
            Policy.load(path)


def test_the_shipped_policy_loads_and_guards_every_place():
    policy = Policy.load()
    assert all(policy.rules[where] for where in ("input", "trace", "output", "stream"))
    assert not policy.dry_run and policy.name == "default"


def test_tenants_change_thresholds_lists_and_dry_run_and_others_nothing():
    policy = Policy.parse(
        GOOD + "tenants:\n  a: {thresholds: {toxic_zh: 0.9}, dry_run: true}\n"
        "  b: {input: [{detector: secrets, action: hold}], on_failure: closed}\n"
    )
    a, b = policy.for_tenant("a"), policy.for_tenant("b")
    assert a.rules["input"][0].threshold == 0.9 and a.dry_run and not policy.dry_run
    assert [r.detector for r in b.rules["input"]] == ["secrets"] and b.on_failure == "closed"
    assert policy.for_tenant(None) is policy and policy.for_tenant("c") is policy
    assert policy.rules["input"][0].threshold == 0.5
    assert len({policy.version, a.version, b.version}) == 3
    with pytest.raises(SophroError, match="unknown tenant"):
        policy.check_tenant("aa")


def test_reloading_takes_a_good_file_and_keeps_the_old_policy_on_a_bad_one(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(GOOD)
    followed = PolicyFile(path)
    first = followed.current()
    assert not followed.reload() and followed.current() is first
    path.write_text("input: [{detector: nothing, action: refuse}]")
    os.utime(path, (1, 1))
    assert not followed.reload() and followed.current() is first and "nothing" in (followed.error or "")
    path.write_text(GOOD.replace("mine", "new"))
    os.utime(path, (2, 2))
    assert followed.reload() and followed.current().name == "new" and followed.error is None
    path.unlink()
    assert (
        not followed.reload()
        and followed.current().name == "new"
        and "no such file" in (followed.error or "")
    )


def test_the_guards_own_replies_are_read_as_refusals():
    """Else a refused request would stay open and be held against the user in the next turn."""
    assert all(declined(text) for texts in SHIPPED.values() for text in texts.values())
    policy = Policy.parse("replies: {refuse: {en: No.}}")
    assert (
        reply_for("refuse", "en", policy.replies) == "No."
        and reply_for("refuse", "zh", policy.replies) == "No."
    )
