"""The table of transitions: complete, without dead ends, and the one source of the diagram."""

import itertools

import pytest

from millhand.core.state import FINAL, INITIAL, LIVE, TRANSITIONS, WAITING, Cause, State, allowed, mermaid


def test_every_state_can_be_reached_and_left() -> None:
    reached = {step.target for step in TRANSITIONS} | INITIAL
    assert reached == set(State)
    assert {step.source for step in TRANSITIONS} == set(State)


def test_states_are_either_final_or_live() -> None:
    assert set(State) == FINAL | LIVE
    assert not FINAL & LIVE
    assert WAITING < LIVE


def test_every_cause_has_its_place() -> None:
    assert {step.cause for step in TRANSITIONS} == set(Cause)


def test_each_step_is_written_once() -> None:
    assert len(set(TRANSITIONS)) == len(TRANSITIONS)


@pytest.mark.parametrize("final", sorted(FINAL))
def test_only_a_retry_by_hand_leads_out_of_a_final_state(final: State) -> None:
    assert {step.cause for step in TRANSITIONS if step.source is final} == {Cause.RETRIED}


def test_only_a_claim_leads_to_running() -> None:
    steps = [step for step in TRANSITIONS if step.target is State.RUNNING]
    assert [(step.source, step.cause) for step in steps] == [(State.AVAILABLE, Cause.CLAIMED)]


def test_what_the_table_does_not_list_is_not_allowed() -> None:
    listed = {(step.source, step.target) for step in TRANSITIONS}
    for pair in itertools.product(State, State):
        assert allowed(*pair) == (pair in listed)


def test_the_diagram_has_every_state_and_step() -> None:
    drawn = mermaid()
    assert drawn.startswith("stateDiagram-v2\n")
    for step in TRANSITIONS:
        assert f"    {step.source} --> {step.target}: {step.cause}\n" in drawn
    assert drawn.count("[*] -->") == len(INITIAL)
    assert drawn.count("--> [*]") == len(FINAL)
