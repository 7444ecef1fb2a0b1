"""A page that shows whether a printer is set up right.

Responsible for the picture: a frame one dot wide along the edge, a ruler with numbers, a block of
solid black and a fine grid.
Rules: no letters but digits (fonts are not needed), the same page every time.
Must not know: printers.
"""

from io import BytesIO

from PIL import Image, ImageDraw

from hardware.ports import DocumentFormat, Media, PrintJob

MAJOR_DOTS = 96
MINOR_DOTS = 8
_PAGE_ROWS = 420


def ruler_page(width_dots: int) -> Image.Image:
    """A 1-bit page `width_dots` wide; a missing right edge means the width is set too large."""
    page = Image.new("1", (width_dots, _PAGE_ROWS), 1)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, width_dots - 1, _PAGE_ROWS - 1), outline=0)
    for x in range(0, width_dots, MINOR_DOTS):
        major = x % MAJOR_DOTS == 0
        draw.line((x, 0, x, 40 if major else 16), fill=0)
        if major:
            draw.text((x + 4, 24), str(x), fill=0)
    draw.text((width_dots - 40, 60), str(width_dots), fill=0)
    draw.rectangle((16, 100, width_dots - 17, 180), fill=0)
    for y in range(200, 400, 4):
        for x in range(16 + y % 8, width_dots - 16, 8):
            draw.rectangle((x, y, x + 3, y + 3), fill=0)
    return page


def ruler_job(media: Media, width_dots: int, job_id: str) -> PrintJob:
    """The test page as a job for a ticket printer (rolls) or a sheet printer (A4, A5)."""
    stored = BytesIO()
    page = ruler_page(width_dots)
    if media in {Media.ROLL_58, Media.ROLL_80}:
        page.save(stored, "PNG")
        document_format = DocumentFormat.PNG
    else:
        page.convert("L").save(stored, "PDF", resolution=203)
        document_format = DocumentFormat.PDF
    return PrintJob(
        job_id=job_id,
        title="test page",
        document=stored.getvalue(),
        document_format=document_format,
        media=media,
    )
