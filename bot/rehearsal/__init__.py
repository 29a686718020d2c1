"""Rehearsal: harmless twins of every port, in memory, for dry runs, simulation and tests.

A twin keeps the promises of its port and adds only what a script needs: answers to give, troubles to meet.
Nothing here opens a file or a socket, waits for real time, or knows an adapter.
"""
