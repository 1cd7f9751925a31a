"""Completion of words in a shell: verbs, tasks and flags, written down once as a script."""

import contextlib
import io
import re

from seaice_tf.cli import verbs
from seaice_tf.errors import InputError
from seaice_tf.tasks import NAMES, TASKS

BASH = """# seaice-tf in bash: eval "$(seaice-tf completion bash)"
_seaice_tf() {{
  local verb=${{COMP_WORDS[1]}} task=${{COMP_WORDS[2]}} word=${{COMP_WORDS[COMP_CWORD]}}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
  elif [ "$COMP_CWORD" -eq 2 ] && [[ " {with_task} " == *" $verb "* ]]; then
    COMPREPLY=($(compgen -W "{tasks}" -- "$word"))
  elif [[ "$word" == -* ]]; then
    case "$verb $task" in
{cases}
    esac
  fi
}}
complete -o default -F _seaice_tf seaice-tf
"""
ZSH = """# seaice-tf in zsh: eval "$(seaice-tf completion zsh)"
autoload -U +X bashcompinit && bashcompinit
"""
FISH = """# seaice-tf in fish: seaice-tf completion fish | source
complete -c seaice-tf -n __fish_use_subcommand -f -a "{verbs}"
complete -c seaice-tf -n "__fish_seen_subcommand_from {with_task}; and not \\
__fish_seen_subcommand_from {tasks}" -f -a "{tasks}"
{lines}
"""
SHELLS = ("bash", "zsh", "fish")


def show(words: list[str]) -> int:
    """Print the script of a shell."""
    if len(words) != 1 or words[0] not in SHELLS:
        got = " ".join(words) or "nothing"
        raise InputError(f"completion: expected one of {', '.join(SHELLS)}, got {got}")
    print(script(words[0]), end="")
    return 0


def script(shell: str) -> str:
    """The completion script of a shell."""
    known = flags()
    names = {
        "verbs": " ".join((*verbs.VERBS, *verbs.WITHOUT_TASK, "completion", "help")),
        "with_task": " ".join(verbs.VERBS),
        "tasks": " ".join(NAMES),
    }
    if shell == "fish":
        lines = [
            f'complete -c seaice-tf -n "__fish_seen_subcommand_from {verb}; and '
            f'__fish_seen_subcommand_from {task}" -l {flag.removeprefix("--")}'
            for (verb, task), found in known.items()
            for flag in found
            if task
        ]
        return FISH.format(lines="\n".join(lines), **names)
    cases = [
        f'      "{verb} {task or "*"}"{"*" if not task else ""}) '
        f'COMPREPLY=($(compgen -W "{" ".join(found)}" -- "$word"));;'
        for (verb, task), found in known.items()
    ]
    return (ZSH if shell == "zsh" else "") + BASH.format(cases="\n".join(cases), **names)


def flags() -> dict[tuple[str, str], list[str]]:
    """Flags by (verb, task), as their help lists them; the task is empty for verbs without one."""
    found = {(verb, ""): _of_help(verbs.WITHOUT_TASK[verb], TASKS) for verb in verbs.WITHOUT_TASK}
    for name in NAMES:
        for verb, run in verbs.VERBS.items():
            if listed := _of_help(run, TASKS[name]):
                found[verb, name] = listed
    return found


def _of_help(run, task) -> list[str]:
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit, InputError):
        run(task, ["--help"])
    names = re.findall(r"^\W*(?:-h, )?(--[a-z][a-z0-9-]+)", text.getvalue(), re.MULTILINE)
    return list(dict.fromkeys(names))
