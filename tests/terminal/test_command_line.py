"""What is wrong is told in one line, and streams that are closed or unheard are no reason to fail."""

import subprocess
import sys

import pytest

from toysae.terminal.command_line import OneLineParser, say


@pytest.mark.parametrize(("words", "told"), [(["--old"], "--old"), (["run", "--old"], "--old")])
def test_a_wrong_word_is_told_in_one_line_that_points_to_the_whole(words, told, capsys):
    parser = OneLineParser(prog="python -m toysae.writeup")
    parser.add_subparsers().add_parser("run")
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.endswith("(see: python -m toysae.writeup --help)\n") and said.count("\n") == 1 and told in said


def test_what_is_said_goes_to_standard_error_with_the_exit_code(capsys):
    assert say("no such name", 2) == 2
    assert capsys.readouterr() == ("", "no such name\n")


def test_a_closed_output_takes_what_is_said_and_gives_its_number_to_no_file(tmp_path):
    code = (
        "from toysae.terminal.streams import open_closed; open_closed(); print('lost', flush=True)\n"
        f"open({str(tmp_path / 'kept')!r}, 'w').write('whole')"
    )
    ended = subprocess.run(["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "kept").read_text() == "whole"


def test_a_silenced_output_ends_without_a_word_where_nobody_listens():
    code = (
        "import sys; from toysae.terminal.streams import silence\n"
        "try:\n  print('x' * 10**6, flush=True)\nexcept BrokenPipeError:\n  silence()\nprint('more')"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 0
    process.stderr.close()
