"""Prints a model as C99 for a microcontroller; never imports the compiled extension.

narrow     the graph for float32 features, without float64 where that changes nothing
literals   NumPy arrays as C initialisers, no bit lost
names      C identifiers, label enums, text that is safe inside comments and strings
sources    the kernel headers, read as text from the package
entries    which functions a model offers, with their arguments
c99        a model's constants, parameter blocks and functions as C
layouts    what is written where: c, header, arduino
readme     the README of an exported folder
targets/   building, running and counting on microcontrollers
"""
