"""Exported code on a target: built with a tiny start-up, run under emulation, counted.

machines   the targets: compiler flags, emulated machine, memory map
toolchain  finding compilers and emulators, and how to install what is missing
build      an export and some rows as an executable
run        running it, and reading what it printed
harness/   the C that goes around the model: start-up, semihosting, counting
"""
