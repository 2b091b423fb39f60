/** `halograd manual`: a page for man(1), made from the table of commands. */

import { commandUsage, dashed, describeStandard } from "./arguments.ts";
import { type Command, EXIT_CODES } from "./commands.ts";

/** The page in the language of man(7). */
export function manualPage(commands: ReadonlyMap<string, Command>, version: string): string {
  const sections = [...commands].flatMap(([name, command]) => [
    `.SS ${escaped(commandUsage(name, command))}`,
    escaped(sentence(command.summary)),
    ...(command.details === undefined ? [] : [".PP", escaped(command.details)]),
    ...(command.operands === undefined
      ? []
      : entry(`\\fI${escaped(command.operands.name)}\\fR`, command.operands.help)),
    ...Object.entries(command.options).flatMap(([key, option]) => {
      const value = option.placeholder === undefined ? "" : ` \\fI${escaped(option.placeholder)}\\fR`;
      return entry(`\\fB${escaped(`--${dashed(key)}`)}\\fR${value}`, option.help + describeStandard(option));
    }),
  ]);
  const lines = [
    `.TH HALOGRAD 1 "" "halograd ${version}" "User Commands"`,
    ".SH NAME",
    escaped("halograd - galaxy rotation curves, and a diffusion model that learns them"),
    ".SH SYNOPSIS",
    "\\fBhalograd\\fR \\fICOMMAND\\fR [options]",
    ".SH COMMANDS",
    ...sections,
    ".SH EXIT STATUS",
    ...EXIT_CODES.replace("Exit codes: ", "")
      .split(/[;,]\s+/)
      .flatMap((code) => [escaped(code.replaceAll("\n", " ")), ".br"]),
    ".SH ENVIRONMENT",
    "NO_COLOR turns colours off, FORCE_COLOR on.",
  ];
  return `${lines.join("\n")}\n`;
}

function entry(term: string, help: string): string[] {
  return [".TP", term, escaped(help)];
}

const sentence = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** Backslashes, signs that man pages take for hyphens, and lines that begin as requests. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}
