"""Whether what arrived can be read: asked for when its bytes are stored, answered by a worker.

`asking` writes the question, in the transaction of the entry; `answering` reads and judges.
"""
