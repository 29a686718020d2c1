"""The Web API methods, one file per family; each file lists its methods with scope and rate tier.

Here live the answers to single calls. Tokens, scopes, rates and faults are checked before a method runs.
"""
