"""What a program does with the SDK of Matrix, which has an HTTP client and a login of its own."""

from __future__ import annotations

import asyncio
import os

from nio import AsyncClient  # type: ignore[import-not-found]


async def talk() -> tuple[str, str, str, str]:
    client = AsyncClient(
        os.environ.get("MATRIX_URL", "https://matrix.example.test"), "@lisi:localhost"
    )
    try:
        await client.login(os.environ.get("MATRIX_PASSWORD", "any"), device_name="审批")
        await client.set_displayname("李四（财务）")
        named = await client.get_displayname("@lisi:localhost")
        other = await client.get_profile("@zhangsan:localhost")
        room = await client.room_create(name="报销!@:", topic="费用：四月")
        for number in range(4):
            content = {"msgtype": "m.text", "body": f"第 {number} 条"}
            await client.room_send(room.room_id, "m.room.message", content, tx_id=f"t{number}")
        return client.user_id, named.displayname, other.displayname, room.room_id[:1]
    finally:
        await client.close()


def talked() -> bool:
    return asyncio.run(talk()) == ("@lisi:localhost", "李四（财务）", "张三（采购）", "!")


if __name__ == "__main__":
    assert talked()
