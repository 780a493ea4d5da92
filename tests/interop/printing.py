"""An app whose jobs come from a Node application; its executors load it from here."""

import asyncio

from millhand import App, Args, Context, Permanent

app = App()


class PrintInvoice(Args, kind="invoice.print", extra="forbid"):
    """Print an invoice, as its `how` says."""

    how: str = "well"
    to: str = ""


@app.handler
async def print_invoice(ctx: Context, args: PrintInvoice) -> dict[str, int]:
    """Print, and say so."""
    ctx.log.info("printing", how=args.how)
    match args.how:
        case "badly":
            raise Permanent("the invoice has no address", code="no_address")
        case "poorly":
            raise RuntimeError("the printer is out of paper")
        case "for ever":
            await asyncio.sleep(3600)
        case "with a file":
            await ctx.save(b"%PDF-1.7", args.to, name="invoice.pdf")
        case _:
            ctx.progress(0.5, "half of it")
    return {"pages": 3}
