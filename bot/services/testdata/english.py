"""Test people who speak English."""

from __future__ import annotations

from bot.services.testdata.script import Cast, Fact, Talk

ENGLISH = Cast(
    "en",
    (
        ("emma", "Emma", "Clark"), ("james", "James", "Porter"), ("olivia", "Olivia", "Reed"),
        ("henry", "Henry", "Walsh"), ("grace", "Grace", "Turner"), ("oscar", "Oscar", "Hughes"),
    ),
    (
        Talk(
            "Docker Compose for a small shop",
            (
                "I work as a backend developer, our shop runs in Docker. How do I start two services?",
                "Put both under `services:` in one compose.yaml and run `docker compose up -d`.",
                "And Kubernetes, is it worth it for two services?",
                "Hardly: with two services on one server, Docker Compose is easier to run and to understand.",
                "Please keep answers short, I read them on the train.",
                "Noted: short answers.",
                "How do I see the logs of one service?",
                "`docker compose logs -f name`.",
            ),
            "They run a small shop with Docker Compose; Kubernetes would be too much for two services.",
            (
                Fact("work", "Works as a backend developer", 0),
                Fact("preference", "Prefers short answers", 4),
            ),
        ),
        Talk(
            "A weekend by the lake",
            (
                "We are planning a weekend by the lake with our two kids. What do we need for camping?",
                "A tent for four, warm sleeping bags, a stove, rain jackets, a torch for each kid.",
                "My daughter is allergic to nuts, so no muesli bars.",
                "Then oat cakes, fruit and cheese: filling, and without nuts.",
                "When should we leave Bristol to be there before dark?",
                "At three in the afternoon: the drive takes two hours, and the sun sets at half past six.",
            ),
            "A weekend of camping by a lake with two kids; one of them is allergic to nuts.",
            (Fact("family", "Has two kids", 0), Fact("home", "Lives in Bristol", 4)),
        ),
        Talk(
            "Learning Python",
            (
                "I began to learn Python a month ago. What is a good first project?",
                "A small Telegram bot: you see results at once, and it teaches requests, files and errors.",
                "How long does it take if I practise in the evenings?",
                "Two or three weeks for a bot that answers, another two for one that keeps what it was told.",
                "Coffee and Python every evening, then!",
                "A good plan. Write a test for each thing that broke once.",
            ),
            "They learn Python in the evenings and want to write a small Telegram bot.",
            (Fact("plan", "Learns Python and wants to write a Telegram bot", 0),),
        ),
    ),
)  # fmt: skip
