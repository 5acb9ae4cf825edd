"""Datagrams to an echo and back, one at a time, over loopback."""
import asyncio

COUNT = 30_000


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Client(asyncio.DatagramProtocol):
    def __init__(self, done):
        self.done, self.count = done, 0

    def connection_made(self, transport):
        self.transport = transport
        transport.sendto(b"ping")

    def datagram_received(self, data, address):
        self.count += 1
        if self.count == COUNT:
            self.done.set_result(self.count)
        else:
            self.transport.sendto(data)


async def main():
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    done = loop.create_future()
    client, _ = await loop.create_datagram_endpoint(lambda: Client(done), remote_addr=server.get_extra_info("sockname"))
    print(await done)
    client.close()
    server.close()


asyncio.run(main())
