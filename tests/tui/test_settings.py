"""Settings: what was typed goes before the environment, that before the file, that before the default."""

import pytest

from cockpit.tui.settings import Settings, SettingsError, load_settings, settings_path

NOTHING = {"theme": None, "refresh": None, "ascii": None}


@pytest.fixture
def file(tmp_path, monkeypatch):
    for name in ("THEME", "REFRESH", "ASCII", "SMOOTHING"):
        monkeypatch.delenv(f"COCKPIT_{name}", raising=False)
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("COCKPIT_SETTINGS", str(path))
    return path


def test_without_anything_the_defaults_hold(file):
    assert load_settings(NOTHING) == Settings()


def test_each_source_goes_before_the_next(file, monkeypatch):
    file.write_text('theme = "nord"\nrefresh = 2\nsmoothing = 0.5\nascii = true\n[keys]\n"sweep.stop" = "x"\n')
    from_file = load_settings(NOTHING)
    assert (from_file.theme, from_file.refresh, from_file.smoothing, from_file.ascii) == ("nord", 2, 0.5, True)
    assert from_file.keys == {"sweep.stop": "x"}
    monkeypatch.setenv("COCKPIT_THEME", "dracula")
    monkeypatch.setenv("COCKPIT_REFRESH", "8")
    monkeypatch.setenv("COCKPIT_ASCII", "0")
    from_environment = load_settings(NOTHING)
    assert (from_environment.theme, from_environment.refresh, from_environment.ascii) == ("dracula", 8.0, False)
    typed = load_settings({"theme": "gruvbox", "refresh": None, "ascii": None})
    assert (typed.theme, typed.refresh, typed.smoothing) == ("gruvbox", 8.0, 0.5)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("theme = 3", "a theme's name"),
        ("refresh = 100", "from 0.5 to 30"),
        ("refresh = true", "from 0.5 to 30"),
        ("ascii = 'maybe'", "true or false"),
        ("smoothing = 1.0", "from 0 to 0.99"),
        ("keys = ['x']", "a table"),
        ("colour = 'red'", "there is no setting 'colour'"),
        ("theme = ", "not TOML"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file(file, text, part):
    file.write_text(text)
    with pytest.raises(SettingsError, match=part) as caught:
        load_settings(NOTHING)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("REFRESH", "fast"), ("ASCII", "perhaps"), ("SMOOTHING", "2")])
def test_a_mistake_in_the_environment_names_the_variable(file, monkeypatch, name, value):
    monkeypatch.setenv(f"COCKPIT_{name}", value)
    with pytest.raises(SettingsError, match=rf"\$COCKPIT_{name}"):
        load_settings(NOTHING)


def test_the_usual_place_is_the_users_configuration(monkeypatch, tmp_path):
    monkeypatch.delenv("COCKPIT_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_path() == tmp_path / "cockpit" / "settings.toml"
