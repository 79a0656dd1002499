"""`backup completion bash|zsh`: what a shell completes, made from the verbs themselves.

source <(.venv/bin/python manage.py backup completion bash)
"""

import argparse
from typing import Any

from access.policy import Actor
from backups.cli.exits import DONE

HELP = "print the completion for a shell"

_BASH = """\
_holdfast() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" verb="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [ "${{COMP_WORDS[i]}}" = backup ]; then verb="${{COMP_WORDS[i + 1]}}"; break; fi
    done
    [ "$i" -lt "$COMP_CWORD" ] || return
    if [ "$((i + 1))" -eq "$COMP_CWORD" ]; then
        COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
        return
    fi
    case "$verb" in
{cases}
    esac
}}
complete -o default -F _holdfast manage.py ./manage.py python python3 .venv/bin/python
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=["bash", "zsh"])


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:  # noqa: ARG001
    from backups.management.commands.backup import VERBS, verb_parser

    cases = []
    for name in VERBS:
        parser = verb_parser(name)
        words: list[str] = []
        for action in parser._actions:
            words += [option for option in action.option_strings if option.startswith("--")]
            if action.choices and not action.option_strings:
                words += [str(choice) for choice in action.choices]
        cases.append(f'        {name}) COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word")) ;;')
    text = _BASH.format(verbs=" ".join(VERBS), cases="\n".join(cases))
    start = "autoload -U +X bashcompinit && bashcompinit\n" if options.shell == "zsh" else ""
    out.write(start + text)
    return DONE
