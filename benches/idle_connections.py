"""Memory of a server with many idle connections over streams; the clients are threads of another process.

    apy benches/idle_connections.py [CONNECTIONS]      10,000 if nothing is said; the kilobytes of the resident set, without and with them
"""
import asyncio
import subprocess
import sys

CONNECTIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
CLIENT = """
import socket, sys
socks = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(int(sys.argv[2]))]
sys.stdin.read()
"""


def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


async def main():
    count = 0
    all_are_here = asyncio.Event()

    async def serve(reader, writer):
        nonlocal count
        count += 1
        if count == CONNECTIONS:
            all_are_here.set()
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    before = resident()
    port = server.sockets[0].getsockname()[1]
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(port), str(CONNECTIONS)], stdin=subprocess.PIPE)
    await all_are_here.wait()
    print(before, resident())
    client.stdin.close()
    await asyncio.to_thread(client.wait)
    server.close()


asyncio.run(main())
