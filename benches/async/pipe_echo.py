"""Lines through pipes: written to one, read by a protocol, written to another, read back."""
import asyncio
import os

COUNT = 30_000


class Echo(asyncio.Protocol):
    def __init__(self, writer):
        self.writer = writer

    def data_received(self, data):
        self.writer.write(data)


class Client(asyncio.Protocol):
    def __init__(self, done):
        self.done, self.count, self.writer = done, 0, None

    def data_received(self, data):
        self.count += 1
        if self.count == COUNT:
            self.done.set_result(self.count)
        else:
            self.writer.write(data)


async def main():
    loop = asyncio.get_running_loop()
    to_r, to_w = os.pipe()
    back_r, back_w = os.pipe()
    done = loop.create_future()
    out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(to_w, "wb", 0))
    back, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(back_w, "wb", 0))
    server, _ = await loop.connect_read_pipe(lambda: Echo(back), os.fdopen(to_r, "rb", 0))
    client = Client(done)
    client.writer = out
    reader, _ = await loop.connect_read_pipe(lambda: client, os.fdopen(back_r, "rb", 0))
    out.write(b"ping\n")
    print(await done)
    for transport in (out, back, server, reader):
        transport.close()


asyncio.run(main())
