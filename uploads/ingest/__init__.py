"""The data plane: a plain ASGI application in front of Django that takes bodies.

Django writes each body to disk twice and throws a cut one away. Here a body goes from the socket
to its staging file once, hashed on the way, in constant memory.

application  which address is whose
asking       who asks, and for which part
blocks       from the socket, in blocks of a shared size, with a limit of silence
receiving    from the blocks to the writer
writing      one writer of a part: its turn, its lock, what is durable
staging      the files themselves
tus, whole   the protocols
answers      what is said
"""
