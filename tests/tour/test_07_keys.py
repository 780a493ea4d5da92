"""Chapter 7: with a key there is at most one live job of its kind. Enqueueing twice is harmless then."""

from millhand import App, Args, Context

app = App()


class Invoice(Args, kind="tour.invoice"):
    """Send an invoice."""

    number: int


@app.handler
async def invoice(ctx: Context, args: Invoice) -> None:
    """Send."""


async def test_a_second_job_with_the_key_of_a_live_one_is_not_made() -> None:
    async with app:
        first = await app.enqueue(Invoice(number=7), key="invoice-7", delay=3600)
        second = await app.enqueue(Invoice(number=7), key="invoice-7", delay=3600)
        assert second.duplicate
        assert second.id == first.id
        await app.cancel(first)


async def test_once_a_job_has_ended_its_key_is_free() -> None:
    async with app:
        first = await app.wait(await app.enqueue(Invoice(number=8), key="invoice-8"), timeout=30)
        second = await app.enqueue(Invoice(number=8), key="invoice-8")
        assert not second.duplicate
        assert second.id != first.id
        await app.wait(second, timeout=30)
