"""CARE: models that talk with people in distress, assessed as carefully as their safety.

Contract: sub-packages stand on their own (crisis, dialogue, instruments, interview, arena, restructuring); the crisis
layer wraps every conversational one of them.
"""
