"""QUIC over the network of tools/lab, by aioquic.

    serve NAME ADDRESS ID          sends what is asked for from UDP port 7 of ADDRESS; its connection IDs are eight bytes
                                   and hold ID (hexadecimal) from the second on
    fetch ADDRESS BYTES SOCKETS    asks for so many bytes, and takes another socket, and so another port, SOCKETS - 1
                                   times on the way; prints {"server": "NAME", "bytes": N, "ports": [N, ...]}

Every server has a certificate of its own that nobody checks.
"""

import asyncio
import datetime
import json
import os
import ssl
import sys
import tempfile
import types

import aioquic.quic.connection
from aioquic.asyncio import connect
from aioquic.asyncio import serve as listen
from aioquic.quic.configuration import QuicConfiguration
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PORT = 7
CID_LENGTH = 8
PROTOCOL = "lab"
CHUNK = 16384
PAUSE = 0.005
PATIENCE = 40


def certificate(configuration):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab")])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    with tempfile.TemporaryDirectory() as directory:
        chain, private = os.path.join(directory, "chain"), os.path.join(directory, "key")
        with open(chain, "wb") as file:
            file.write(signed.public_bytes(serialization.Encoding.PEM))
        with open(private, "wb") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
        configuration.load_cert_chain(chain, private)


def name_connections(server_id):
    """Connection IDs are the only random bytes of their length that a server's connection asks for, but for the data
    of a path challenge, which may look like one as well."""

    def urandom(count):
        if count != CID_LENGTH:
            return os.urandom(count)
        return os.urandom(1) + server_id + os.urandom(CID_LENGTH - 1 - len(server_id))

    aioquic.quic.connection.os = types.SimpleNamespace(urandom=urandom)


async def answer(name, reader, writer):
    count = int(await reader.readline())
    writer.write(name.encode() + b"\n")
    while count:
        chunk = min(count, CHUNK)
        writer.write(bytes(chunk))
        await writer.drain()
        count -= chunk
        await asyncio.sleep(PAUSE)
    writer.write_eof()


async def serve(name, address, server_id):
    name_connections(bytes.fromhex(server_id))
    configuration = QuicConfiguration(is_client=False, alpn_protocols=[PROTOCOL], connection_id_length=CID_LENGTH)
    certificate(configuration)
    tasks = set()

    def start(reader, writer):
        task = asyncio.ensure_future(answer(name, reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await listen(address, PORT, configuration=configuration, stream_handler=start)
    print("ready", flush=True)
    await asyncio.Future()


async def another_socket(client):
    """What a client's network does when it changes under it, or a NAT box that forgot the flow."""
    before = client._transport
    loop = asyncio.get_running_loop()
    address = before.get_extra_info("sockname")[0]
    after, _ = await loop.create_datagram_endpoint(lambda: client, local_addr=(address, 0))
    before.close()
    return after.get_extra_info("sockname")[1]


async def fetch(address, count, sockets):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=[PROTOCOL], verify_mode=ssl.CERT_NONE)
    async with connect(address, PORT, configuration=configuration) as client:
        ports = [client._transport.get_extra_info("sockname")[1]]
        reader, writer = await client.create_stream()
        writer.write(f"{count}\n".encode())
        server = (await reader.readline()).decode().strip()
        print("begun", flush=True)
        received = 0
        while data := await reader.read(CHUNK):
            received += len(data)
            if len(ports) < sockets and received >= count * len(ports) // sockets:
                ports.append(await another_socket(client))
                await client.ping()
        print(json.dumps({"server": server, "bytes": received, "ports": ports}), flush=True)


def main():
    if sys.argv[1] == "serve":
        asyncio.run(serve(*sys.argv[2:5]))
    else:
        asyncio.run(asyncio.wait_for(fetch(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])), PATIENCE))


main()
