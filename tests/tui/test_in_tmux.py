"""The program in a real tmux, used as somebody uses it who has read the footer and nothing else."""

import subprocess
from contextlib import closing

import pytest
from terminal import COCKPIT, Tmux, environment, tui_log

CLIMB = """\
name: climb
note: How high does it get?
trainer: toy
engine: local
method: random
metric: {name: score, goal: maximize}
parameters: {x: {min: 0.3, max: 0.9}, y: {value: -0.3}, epochs: {value: 2000}, delay: {value: 0.05}}
baseline: {x: 0.0}
run_cap: 2
concurrent: 2
resources: {cpu: 0.5}
"""


@pytest.fixture(params=[(80, 24), (200, 60)], ids=str)
def tmux(request, tmp_path):
    """A tmux server in a folder with a search of one's own, which goes on until it is stopped."""
    (tmp_path / "searches").mkdir()
    (tmp_path / "searches" / "climb.yaml").write_text(CLIMB)
    # The logs folder by name, because a title of 80 columns has no room for the folders of a test.
    env = environment(tmp_path, COCKPIT_LOGS="logs")
    with closing(Tmux(tmp_path, request.param, env)) as server:
        yield server
    subprocess.run([*COCKPIT, "stop", "exp001"], cwd=tmp_path, env=env, capture_output=True, check=False)


@pytest.mark.slow
def test_from_an_empty_folder_to_a_sweep_that_outlives_the_cockpit(tmux, tmp_path):
    tmux.open()
    screen = tmux.wait("No experiments in this folder yet.")
    assert "x   start the demo" in screen
    assert "n   choose a search" in screen

    start(tmux)
    watch(tmux)
    stop_the_baseline(tmux)
    write_a_note(tmux, tmp_path)
    come_back(tmux)

    tmux.press("q")
    tmux.wait("exp001 runs on; `cockpit` shows it again")
    tmux.wait(lambda _: tmux.is_in_shell())
    tmux.open()
    tmux.wait("─ Experiments ─")
    tmux.wait(lambda screen: "● running" in line_with(screen, "exp001"))
    tmux.press("Enter")
    tmux.wait(lambda screen: "b best" in footer(screen))
    tmux.press("b")
    stop(tmux, "t001")
    tmux.wait("exp001 climb  ■ stopped")
    assert "■ stopped" in line_with(tmux.screen, "t000")
    tmux.press("q")
    tmux.wait(lambda _: tmux.is_in_shell())
    assert "Traceback" not in tmux.screen
    assert tui_log(tmp_path) == ""


def start(tmux):
    tmux.wait(lambda screen: "n new sweep" in footer(screen))
    tmux.press("n")
    tmux.wait("─ Searches ─")
    tmux.wait("climb")
    tmux.write("climb")
    tmux.wait("2 trials × 2000 epochs, 2 at once")
    tmux.wait(lambda screen: "start" in footer(screen))
    tmux.press("C-s")
    tmux.wait("exp001 climb  ● running")


def watch(tmux):
    """Steps arrive, the best trial is found, and its norms are seen."""
    tmux.wait(lambda screen: "t000" in screen and "t001" in screen and "1 Steps" in screen)
    tmux.press("1")
    seen = newest_step(tmux.wait(newest_step))
    tmux.wait(lambda screen: newest_step(screen) > seen)
    tmux.wait("best t001")
    tmux.wait(lambda screen: "b best" in footer(screen))
    tmux.press("b")
    tmux.wait(lambda screen: tab_of(screen) == "t001" and "2 norms" in footer(screen))
    tmux.press("2")
    tmux.wait(lambda screen: "|g| mean" in screen and "body" in screen and "head" in screen)


def stop_the_baseline(tmux):
    tmux.press("Up")
    stop(tmux, "t000")
    tmux.wait("stopped by")  # and by whom, in its row or, where there is no room for that, below the rows
    assert "● running" in line_with(tmux.screen, "t001")


def stop(tmux, trial):
    """Stop the trial under the cursor, which is this one."""
    tmux.wait(lambda screen: tab_of(screen) == trial and "● running" in line_with(screen, trial))
    tmux.wait(lambda screen: "s stop" in footer(screen))
    tmux.press("s")
    tmux.wait(f"stop {trial} at the next step?")
    tmux.press("y")
    tmux.wait(f"{trial} stopped at step")
    tmux.wait(lambda screen: "■ stopped" in line_with(screen, trial))


def write_a_note(tmux, folder):
    # A notice stands where the keys are, for a while.
    tmux.wait(lambda screen: "n note" in footer(screen))
    tmux.press("n")
    tmux.wait("your note on exp001")
    tmux.wait("ctrl+s saves")
    tmux.write("It climbs well from the right.")
    tmux.wait("It climbs well from the right.")
    tmux.press("C-s")
    tmux.wait("is in the diary")
    assert "It climbs well from the right." in (folder / "logs" / "diary.md").read_text()
    tmux.press("Escape")
    tmux.wait("─ Trials ─")


def come_back(tmux):
    """Who detaches and attaches again sees what he left."""
    for _ in range(2):
        with tmux.attached() as terminal:
            terminal.wait("exp001 climb  ● running")
            terminal.wait(lambda screen: "■ stopped" in line_with(screen, "t000"))
            terminal.wait(lambda screen: tab_of(screen) == tab_of(tmux.screen) == "t000")
            terminal.wait(lambda screen: footer(screen) == footer(tmux.screen))
            terminal.press("ctrl+b", "d")
            assert terminal.exit_code() == 0
    assert not tmux.is_in_shell()


def footer(screen):
    return screen.rstrip("\n").rsplit("\n", 1)[-1]


def line_with(screen, word):
    """The first line below the headline in which the word stands."""
    return next((line for line in screen.splitlines()[1:] if word in line), "")


def tab_of(screen):
    """The trial that the tabs tell of."""
    return next((word for word in line_with(screen, "1 Steps").split() if word.startswith("t0")), "")


def newest_step(screen):
    """The step in the first row of the Steps tab; 0 while there is none."""
    row = next((line.strip("│ ▌").split() for line in screen.splitlines() if " train " in line), [])
    return int(row[2]) if len(row) > 2 else 0
