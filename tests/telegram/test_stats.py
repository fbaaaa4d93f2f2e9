"""/stats over the wire: one's own numbers, from a group told privately; everybody's for the owner alone."""

from __future__ import annotations

from pathlib import Path

from tests.support.llm_steps import Text
from tests.support.product import running_product

OWNER = 500_000_001
"""The emulator's first person."""


async def test_own_numbers(sqlite_database_url: str, tmp_path: Path) -> None:
    async with running_product(sqlite_database_url, tmp_path, everyone=False, owner_id=OWNER) as product:
        ann = await product.telegram.person("Ann")
        assert ann.id == OWNER
        chat = await product.telegram.private(ann)
        borys = await product.telegram.person("Борис", language="uk")
        product.llm.script(Text("Hi Ann!"))
        await product.telegram.wait_reply(
            await ann.say(chat, "Hello"), contains="Hi Ann", settled=0.03, timeout=20
        )
        told = await product.telegram.wait_reply(await ann.say(chat, "/stats"), settled=0.03)
        own, everybody = (part.splitlines() for part in told.text.split("\n\n"))
        assert own[0] == "📊 You and me"
        assert "Conversations: 1, active: 1" in own
        assert "Messages: 2" in own
        assert any(line.startswith("Average time to an answer: ") for line in own)
        assert everybody[:2] == ["🏠 Everybody and me", "People: 1"]
        assert everybody[2:] == own[1:]
        group = await product.telegram.group("Camping", [ann, borys])
        said = await product.telegram.wait_reply(await borys.say(group, "/stats@mnema_bot"), settled=0.03)
        assert "Повідомлення" not in said.text
        alone = await product.telegram.private(borys)
        his = await product.telegram.wait_reply(await borys.say(alone, "/stats"), settled=0.03)
        assert his.text.startswith("📊 Ви і я")
        assert "🏠" not in his.text
