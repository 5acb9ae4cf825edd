"""Bad peers, bad callbacks, bad children, cancellation at each await, over and over: nothing may leak or hang.

    apy benches/soak.py [SECONDS [CONNECTIONS [MEGABYTES]]]      60 seconds, 10,000 connections, 1,024 MB without a newline

Each round runs every misfortune once and then counts: open descriptors, tasks, children. The first round warms up; a later one that
has more of any of them is a leak, and so is a resident set that has grown by more than 64 MB at the end. Exit status 1 then. CPython
runs it, too.
"""
import asyncio
import gc
import os
import random
import socket
import struct
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE

IS_SERVER = sys.argv[1:] == ["--serve"]
SECONDS, CONNECTIONS, MEGABYTES = 60, 10_000, 1024
if not IS_SERVER:
    SECONDS, CONNECTIONS, MEGABYTES = [int(word) for word in sys.argv[1:]] + [SECONDS, CONNECTIONS, MEGABYTES][len(sys.argv) - 1:]
PATIENCE = 120


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def children():
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return len(file.read().split())


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


async def shout(reader, writer):
    """A server's client: each line in capitals."""
    try:
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
    except (ConnectionError, ValueError):
        pass
    finally:
        writer.close()


def reset(sock):
    """Closes a socket so that its peer gets a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


async def peers_reset(address):
    for number in range(200):
        sock = socket.create_connection(address)
        sock.sendall(b"half a line" if number % 2 else b"a line\n")
        reset(sock)
        if number % 20 == 0:
            await asyncio.sleep(0)


async def peers_are_silent(address):
    pairs = [await asyncio.open_connection(*address) for _ in range(100)]
    for reader, _ in pairs[:10]:
        try:
            await asyncio.wait_for(reader.read(1), 0.01)
            raise AssertionError("a silent server spoke")
        except TimeoutError:
            pass
    await close_all(writer for _, writer in pairs)


async def one_byte_at_a_time(address):
    reader, writer = await asyncio.open_connection(*address)
    for byte in b"one byte at a time\n" * 20:
        writer.write(bytes([byte]))
        await asyncio.sleep(0)
    for _ in range(20):
        assert await reader.readline() == b"ONE BYTE AT A TIME\n"
    await close_all([writer])


async def no_newline(address):
    """Much data without a newline: the server gives up, the writer is told, memory does not grow."""
    reader, writer = await asyncio.open_connection(*address)
    piece, sent = b"x" * (1 << 20), 0
    try:
        for _ in range(MEGABYTES):
            writer.write(piece)
            await writer.drain()
            sent += 1
    except ConnectionError:
        pass
    assert sent < max(MEGABYTES, 64), sent
    writer.close()


async def much_data_is_counted():
    """The same to a protocol that only counts."""
    count = 0
    done = asyncio.get_running_loop().create_future()

    class Counter(asyncio.Protocol):
        def data_received(self, data):
            nonlocal count
            count += len(data)

        def connection_lost(self, error):
            done.set_result(error)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Counter, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    piece = b"x" * (1 << 20)
    for _ in range(MEGABYTES):
        writer.write(piece)
        await writer.drain()
    await close_all([writer])
    await done
    assert count == MEGABYTES << 20, count
    server.close()
    await server.wait_closed()


async def other_server(limit):
    """A server in a process that may have so many descriptors, and its address."""
    code = f"ulimit -n {limit}; exec {sys.executable} {__file__} --serve"
    process = await asyncio.create_subprocess_exec("sh", "-c", code, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    return process, ("127.0.0.1", int(await process.stdout.readline()))


async def serve():
    """That server; it ends when its input does."""
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    server = await asyncio.start_server(shout, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


async def many_connections():
    """All open at once, each used once. The other ends are in another process: few systems allow one so many."""
    process, address = await other_server(CONNECTIONS + 100)
    pairs = []
    while len(pairs) < CONNECTIONS:
        pairs += await asyncio.gather(*(asyncio.open_connection(*address) for _ in range(min(200, CONNECTIONS - len(pairs)))))
    for number, (_, writer) in enumerate(pairs):
        writer.write(b"n%d\n" % number)
    for number, (reader, _) in enumerate(pairs):
        assert await reader.readline() == b"N%d\n" % number
    await close_all(writer for _, writer in pairs)
    process.stdin.close()
    assert await process.wait() == 0


async def callbacks_raise():
    class Raises(asyncio.Protocol):
        def __init__(self, method):
            self.method = method

        def raises(self, method):
            if method == self.method:
                raise ValueError(method)

        def connection_made(self, transport):
            self.raises("connection_made")

        def data_received(self, data):
            self.raises("data_received")

        def eof_received(self):
            self.raises("eof_received")

        def connection_lost(self, error):
            self.raises("connection_lost")

    loop = asyncio.get_running_loop()
    for method in ("connection_made", "data_received", "eof_received", "connection_lost"):
        server = await loop.create_server(lambda: Raises(method), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            writer.write(b"data")
            await asyncio.sleep(0.01)
            writer.write_eof()
            await asyncio.sleep(0.01)
        except OSError:
            pass
        await close_all([writer])
        server.close()
        server.close_clients()
        await asyncio.sleep(0.01)


async def children_are_stubborn():
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done", stdout=PIPE)
    assert await process.stdout.readline() == b"ready\n"
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 0.2)
        raise AssertionError("it ignores SIGTERM")
    except TimeoutError:
        process.kill()
    assert await process.wait() == -9
    outputs = await asyncio.gather(*(cat(b"%d" % number) for number in range(50)))
    assert outputs == [b"%d" % number for number in range(50)]


async def descriptors_run_out():
    """A server in a process with few descriptors goes on once there are some again."""
    process, address = await other_server(30)
    socks = [socket.create_connection(address) for _ in range(60)]
    await asyncio.sleep(0.2)
    for sock in socks:
        sock.close()
    assert await talk(address) == b"HELLO\n"
    process.stdin.close()
    assert await process.wait() == 0


async def cat(data):
    process = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
    try:
        return (await process.communicate(data))[0]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def talk(address):
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(b"hello\n")
        await writer.drain()
        return await reader.readline()
    finally:
        await close_all([writer])


async def datagrams():
    loop = asyncio.get_running_loop()
    answer = loop.create_future()

    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, address):
            self.transport.sendto(data, address)

    class Ask(asyncio.DatagramProtocol):
        def datagram_received(self, data, address):
            if not answer.done():
                answer.set_result(data)

    server, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    try:
        client, _ = await loop.create_datagram_endpoint(Ask, remote_addr=server.get_extra_info("sockname"))
        try:
            client.sendto(b"hello")
            return await answer
        finally:
            client.close()
    finally:
        server.close()


async def raw_sockets(address):
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, address)
        await loop.sock_sendall(sock, b"hello\n")
        return await loop.sock_recv(sock, 100)


async def primitives():
    lock, queue, event = asyncio.Lock(), asyncio.Queue(1), asyncio.Event()
    semaphore, condition = asyncio.Semaphore(1), asyncio.Condition()

    async def other():
        async with lock, semaphore:
            await asyncio.sleep(0)
            await queue.put(1)
            await queue.put(2)
        async with condition:
            event.set()
            condition.notify_all()

    async with asyncio.TaskGroup() as group:
        group.create_task(other())
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await queue.get()
            await queue.get()
            async with lock, semaphore:
                await event.wait()
            await asyncio.gather(asyncio.sleep(0), asyncio.to_thread(int))
            await asyncio.wait_for(asyncio.shield(asyncio.sleep(0)), 1)
    assert not lock.locked() and not semaphore.locked()


async def cancel_after(turns, coroutine):
    task = asyncio.create_task(coroutine)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    try:
        await asyncio.wait_for(task, PATIENCE)
    except asyncio.CancelledError:
        return False
    return True


async def cancelled_at_each_await(address):
    """Cancels after 0, 1, 2 ... turns of the loop, until the operation is done before that."""
    for operation in (lambda: talk(address), lambda: cat(b"x"), datagrams, lambda: raw_sockets(address), primitives):
        finished = 0
        for turns in range(300):
            finished += await cancel_after(turns, operation())
            if finished == 3:
                break


async def close_all(writers):
    writers = list(writers)
    for writer in writers:
        writer.close()
    for writer in writers:
        try:
            await writer.wait_closed()
        except ConnectionError:
            pass


async def settle(counts):
    """Waits until descriptors, tasks and children are as few as they were; what they are."""
    for _ in range(200):
        gc.collect()
        now = descriptors(), len(asyncio.all_tasks()), children()
        if counts is None or all(a <= b for a, b in zip(now, counts)):
            if counts is not None:
                break
        await asyncio.sleep(0.01)
    return now


async def main():
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    server = await asyncio.start_server(shout, "127.0.0.1", 0, backlog=1000)
    address = server.sockets[0].getsockname()
    misfortunes = [
        lambda: peers_reset(address), lambda: peers_are_silent(address), lambda: one_byte_at_a_time(address),
        lambda: no_newline(address), much_data_is_counted, many_connections, callbacks_raise, children_are_stubborn,
        descriptors_run_out, lambda: cancelled_at_each_await(address),
    ]
    names = ["reset", "silent", "bytes", "no newline", "much data", "connections", "callbacks", "children", "descriptors", "cancelled"]
    end, rounds, counts, size, status = time.monotonic() + SECONDS, 0, None, 0, 0
    while rounds < 2 or time.monotonic() < end:
        order = list(zip(names, misfortunes))
        random.shuffle(order)
        took = []
        for name, misfortune in order:
            began = time.monotonic()
            await asyncio.wait_for(misfortune(), PATIENCE)
            took.append(f"{name} {time.monotonic() - began:.1f}")
        now = await settle(counts)
        rounds += 1
        if rounds == 1:
            counts, size = now, resident()
        print(f"round {rounds}: {now} {resident() >> 20} MB; {', '.join(took)}", flush=True)
        if any(a > b for a, b in zip(now, counts)):
            print("LEAK of descriptors, tasks or children")
            status = 1
    if resident() > size + (64 << 20):
        print(f"LEAK of memory: {size >> 20} MB after the first round, {resident() >> 20} MB now")
        status = 1
    server.close()
    print(f"{rounds} rounds, " + ("something leaked" if status else "nothing leaked"))
    return status


if IS_SERVER:
    asyncio.run(serve())
else:
    sys.exit(asyncio.run(main()))
