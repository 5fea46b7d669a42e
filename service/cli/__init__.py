"""The command line: parse, call one use case, print, return a named exit code.

One file a group of commands. `main` is the entry; `commands` lists the commands and imports each
when it is called; `session` opens settings, database and clock; `output` prints for people (stderr
for progress, stdout for results) and for machines (`--json`).
"""
