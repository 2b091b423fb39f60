/** `halograd completion SHELL`: a script by which a shell completes commands, options and words, made from the table of commands. */

import { dashed } from "./arguments.ts";
import type { Command } from "./commands.ts";

/** The shells that are known, and how each takes its script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The script for a shell. */
export function completionScript(
  shell: (typeof SHELLS)[number],
  commands: ReadonlyMap<string, Command>,
): string {
  return shell === "fish" ? fish(commands) : bash(commands, shell === "zsh");
}

/** What may follow: the options of a command, and the words that stand beside them. */
function wordsOf({ options, operands }: Command): string[] {
  return [...Object.keys(options).map((key) => `--${dashed(key)}`), "--help", ...(operands?.choices ?? [])];
}

/** zsh runs bash's script, with its own words for it. */
function bash(commands: ReadonlyMap<string, Command>, isZsh: boolean): string {
  const cases = [...commands].map(
    ([name, command]) => `    ${name}) words="${wordsOf(command).join(" ")}" ;;`,
  );
  const start = isZsh ? "autoload -U +X bashcompinit && bashcompinit\n" : "";
  return `${start}_halograd() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${[...commands.keys()].join(" ")} --help --version"
  else case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _halograd halograd
`;
}

function fish(commands: ReadonlyMap<string, Command>): string {
  const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const lines = [...commands].flatMap(([name, { summary, options, operands }]) => {
    const inside = `complete -c halograd -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c halograd -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...Object.entries(options).map(([key, { help, placeholder }]) => {
        const value = placeholder === undefined ? "" : " -r";
        return `${inside} -l ${dashed(key)}${value} -d ${quoted(help)}`;
      }),
      ...(operands?.choices ?? []).map((word) => `${inside} -a ${word}`),
    ];
  });
  return `${lines.join("\n")}\n`;
}
