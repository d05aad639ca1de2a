"""Figures by which the cases are known: quantity, projection and contour interval of their papers, of our own where no paper
has such a figure (columns, rest_over_mountains, first_light, ...). One entry per case."""

import textwrap

import cartopy.crs as ccrs
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image


def panel(field, step, unit="", label="", level=None, scale=1.0, offset=0.0, less_start=False, symmetric=False,
          round_off=0.0):
    """A quantity: its field(s), contour interval, unit and round-off after value * scale + offset; level [Pa]."""
    return {"field": field, "step": step, "unit": unit, "label": label or field, "level": level, "scale": scale,
            "offset": offset, "less_start": less_start, "symmetric": symmetric, "round_off": round_off}


PS = panel("ps", 5, "hPa", "surface pressure", scale=0.01)
TA850 = panel("ta", 5, "K", "temperature at 850 hPa", 85000.0)
VO850 = panel("vo", 2, "$10^{-5}$ s$^{-1}$", "relative vorticity at 850 hPa", 85000.0, scale=1e5, symmetric=True)
AT_REST = 1e-9  # [m/s] round-off makes less wind
Z4900 = 57232.0  # [Pa] of 4900 m in an isothermal atmosphere of 300 K

# case: kind of figure, days (columns of maps), quantities (rows), and what the kind needs
FIGURES = {
    "williamson_1": ("map", (0, 12), [panel("h", 100, "m", "depth")], {"view": "orthographic", "centre": (270, 0)}),
    "williamson_2": ("map", (0, 5), [panel("h", 100, "m", "depth"),
                                     panel("h", 0, "m", "depth less that of the start", less_start=True, symmetric=True)], {}),
    "williamson_5": ("map", (5, 10, 15), [panel("eta", 50, "m", "height of the free surface")], {}),
    "williamson_6": ("map", (0, 7, 14), [panel("h", 100, "m", "depth")], {"view": "orthographic", "centre": (0, 90)}),
    "galewsky": ("map", (4, 5, 6), [panel("vo", 2, "$10^{-5}$ s$^{-1}$", "relative vorticity", scale=1e5, symmetric=True)],
                 {"lat": (10, 80), "west": -90}),
    "unsteady_rotation": ("map", (0, 4.98642), [
        panel("h", 100, "m", "depth"),
        panel("h", 0, "m", "depth less that of the start", less_start=True, symmetric=True)], {}),
    "cross_polar_flow": ("map", (0, 5, 10), [panel("h", 50, "m", "depth")], {"view": "orthographic", "centre": (0, 90)}),
    "cosine_bell": ("map", (0, 3, 12), [panel("bell", 0.1, "1", "cosine bell"),
                                        panel("cylinder", 0.1, "1", "slotted cylinder")],
                    {"view": "orthographic", "centre": (300, 40)}),
    "deformational_flow": ("map", (0, 6, 12), [panel("bells", 0.1, "1", "cosine bells"),
                                               panel("cylinders", 0.1, "1", "slotted cylinders")], {}),
    "terminator": ("map", (0, 6, 12), [panel("cl", 0.4, "$10^{-6}$", "Cl", scale=1e6),
                                       panel("cl + 2 cl2", 0, "$10^{-6}$", "Cl + 2 Cl$_2$ less that of the start",
                                             scale=1e6, less_start=True, symmetric=True)], {}),
    "dcmip_11": ("map", (0, 6, 12), [panel(q, 0.1, "1", f"{q} at 4900 m", Z4900) for q in ("q1", "q3", "q4")], {}),
    "dcmip_12": ("section", (0, 0.5, 1), [panel("layer", 0.1, "1", "zonal mean of the layer")], {"along": "lat"}),
    "dcmip_13": ("section", (0, 6, 12), [panel("q4", 0.1, "1", "clouds along the equator")], {"along": "lon"}),
    "schaer_rest": ("section", (1, 3, 6), [panel("ua", 0, "m/s", "eastward wind along the equator", symmetric=True, round_off=AT_REST)],
                    {"along": "lon"}),
    "rest_over_mountains": ("map", (1, 10), [panel("ua", 0, "m/s", "eastward wind at 500 hPa", 50000.0, symmetric=True,
                                                  round_off=AT_REST)], {}),
    "jablonowski_williamson_steady": ("zonal", (0, 30), [panel("ua", 5, "m/s", "eastward wind", symmetric=True),
                                                         panel("ta", 10, "K", "temperature")], {}),
    "jablonowski_williamson_wave": ("map", (7, 9), [PS, TA850, VO850], {"lat": (0, 90), "west": 45}),
    "ullrich_wave": ("map", (8, 10), [PS, TA850, VO850], {"lat": (0, 90), "west": 0}),
    "polvani_scott_thomas": ("map", (8, 10, 12), [
        panel("vo", 1, "$10^{-5}$ s$^{-1}$", "relative vorticity at 950 hPa", 95000.0, scale=1e5, symmetric=True)],
        {"lat": (0, 90), "west": -90}),
    "moist_baroclinic_wave": ("map", (8, 10), [PS, panel("pr", 5, "mm/day", "rain", scale=86400)], {"lat": (0, 90), "west": 0}),
    "tropical_cyclone": ("map", (0, 5, 10), [PS, panel("pr", 20, "mm/day", "rain", scale=86400)], {"lat": (0, 40), "west": 120}),
    "moist_held_suarez": ("zonal", (360, 1080), [panel("ua", 5, "m/s", "eastward wind", symmetric=True),
                                                 panel("ta", 10, "K", "temperature")], {}),
    "aquaplanet_grey": ("zonal", (360, 1080), [panel("ua", 5, "m/s", "eastward wind", symmetric=True),
                                               panel("ta", 10, "K", "temperature")], {}),
    "aquaplanet_betts_miller": ("zonal", (360, 1080), [panel("ua", 5, "m/s", "eastward wind", symmetric=True),
                                                       panel("ta", 10, "K", "temperature")], {}),
    "aquaplanet_4xco2": ("zonal", (720, 1080), [panel("ta", 10, "K", "temperature"),
                                               panel("ua", 5, "m/s", "eastward wind", symmetric=True)], {}),
    "snowball": ("zonal", (360, 720), [panel("ta", 10, "K", "temperature"),
                                       panel("ua", 5, "m/s", "eastward wind", symmetric=True)], {}),
    "rce_column": ("column", (), [panel("ts", 0, "K", "surface temperature"),
                                  panel("pr", 0, "mm/day", "rain", scale=86400), panel("ta", 10, "K", "temperature"),
                                  panel("qv", 2, "g/kg", "vapour", scale=1000)], {}),
    "column_ascent": ("column", (), [panel("pr", 0, "mm/day", "rain", scale=86400), panel("ta", 10, "K", "temperature"),
                                     panel("qv", 2, "g/kg", "vapour", scale=1000)], {}),
    "column_subsidence": ("column", (), [panel("ta", 5, "K", "temperature")], {}),
    "column_inertial_oscillation": ("column", (), [panel("ua", 2, "m/s", "eastward wind"),
                                                   panel("va", 2, "m/s", "northward wind", symmetric=True)], {}),
    "rossby_haurwitz": ("map", (0, 7, 14), [panel("ps", 10, "hPa", "surface pressure", scale=0.01)], {}),
    "mountain_rossby_wave": ("map", (5, 15, 25), [panel("zg", 100, "m", "height of 700 hPa", 70000.0),
                                                  panel("ua", 5, "m/s", "eastward wind at 700 hPa", 70000.0, symmetric=True)], {}),
    "reanalysis_forecast": ("map", (0, 1, 5), [panel("zg", 60, "m", "height of 500 hPa", 50000.0)],
                            {"view": "orthographic", "centre": (0, 90)}),
    "first_light": ("map", (5, 10), [panel("ua", 10, "m/s", "eastward wind at 250 hPa", 25000.0, symmetric=True), TA850], {}),
    "held_suarez": ("climate", (), [panel("ua", 4, "m/s", "eastward wind", symmetric=True), panel("ta", 10, "K", "temperature"),
                                    panel("va ta", 4, "K m/s", "eddy heat flux", symmetric=True),
                                    panel("ta ta", 5, "K$^2$", "eddy variance of temperature")], {}),
}


def terms(field):
    """'cl + 2 cl2' -> [(1, 'cl'), (2, 'cl2')]"""
    parts = [part.split() for part in field.split("+")]
    return [(float(part[0]) if len(part) > 1 else 1.0, part[-1]) for part in parts]


def record_of(stream, day):
    """The record nearest to a day, or None where there is none within a quarter of a day."""
    n = min(range(len(stream)), key=lambda m: abs(stream.day(m) - day))
    return n if abs(stream.day(n) - day) < 0.26 else None


def records_of(stream, days):
    """The records of the days that a run has; of a run too short for a second one, its end beside them."""
    found = [n for day in days if (n := record_of(stream, day)) is not None] if stream is not None else []
    return sorted({*found, len(stream) - 1}) if len(found) == 1 < len(days) else found


def stream_of(run, quantity, layered=False):
    names = [name for _, name in terms(quantity["field"])]
    if layered:
        return next((s for s in run.streams if names[0] in s and s.vertical(names[0]) == "lev" and len(s) > 0), None)
    return run.find(names, quantity["level"])


def horizontal(stream, quantity, n):
    total = 0
    for factor, name in terms(quantity["field"]):
        level = quantity["level"] if stream.vertical(name) else None
        total = total + factor * (stream.at_pressure(name, n, [level])[0] if level else stream.read(name, n).squeeze())
    return total


def values_of(stream, quantity, n, read):
    field = read(stream, quantity, n)
    if quantity["less_start"]:
        field = field - read(stream, quantity, 0)
    return field * quantity["scale"] + quantity["offset"]


def round_off_of(field):
    """What differences of two records of a field can have from the files' single precision alone."""
    return 2.0**-23 * np.nanmax(abs(field), initial=0)


def contour_levels(fields, quantity):
    """Multiples of the interval over all fields; without one, or where it shows nothing, about 16 round steps.

    About 0 there is none but one neutral interval, at least up to round-off on both sides. A level at the value of a
    background lies just above it, so that round-off draws nothing there.
    """
    values = np.concatenate([field[np.isfinite(field)].ravel() for field in fields])
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if quantity["symmetric"]:
        high = max(abs(low), abs(high), quantity["round_off"]) or 1.0
        low = -high
    step = quantity["step"]
    if not 2 * step <= high - low <= 60 * step or not step:
        raw = max((high - low) / 14, 1e-4 * max(abs(low), abs(high)), quantity["round_off"], 1e-30)
        power = 10 ** np.floor(np.log10(raw))
        step = power * next(f for f in (1, 2, 5, 10) if f * power >= raw)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    if quantity["symmetric"]:
        steps = np.arange(1, max(last, 2) + 1)
        return step * np.concatenate([-steps[::-1], steps]), step
    levels = step * np.arange(first, max(last, first + 1) + 1)
    crowded = [np.mean(abs(values - level) < 1e-3 * step) > 0.05 for level in levels[1:]]
    levels[1:] += 0.01 * step * np.array(crowded)
    return levels, step


def to_the_poles(lat, field):
    """Sections (any, lat) with the outermost rows once more at the poles."""
    return np.concatenate([[-90], lat, [90]]), np.concatenate([field[:, :1], field, field[:, -1:]], axis=1)


def to_the_ends(pressure, field):
    """Layers (lev, ...) with the values of the outermost once more at 0 and, where the lowest ends above, at 1000 hPa."""
    return (np.concatenate([0 * pressure[:1], pressure, np.maximum(pressure[-1:], 1000)]),
            np.concatenate([field[:1], field, field[-1:]]))


def draw_panel(axes, x, y, field, levels, quantity, **how):
    colours = plt.colormaps["RdBu_r" if quantity["symmetric"] else "viridis"](np.linspace(0, 1, len(levels) - 1))
    if quantity["symmetric"]:
        colours[len(colours) // 2] = 1  # white
    field = np.clip(field, levels[0], levels[-1])  # round-off below a level is no hole
    shades = axes.contourf(x, y, field, levels=levels, colors=colours, extend="neither", **how)
    lines = [level for level in levels[1:-1] if np.nanmin(field) < level < np.nanmax(field)]
    if lines:
        axes.contour(x, y, field, levels=lines, colors="0.15", linewidths=0.45, **how)
    return shades


def frame(run, rows, columns, size):
    fig, axes = plt.subplots(rows, columns, figsize=(size[0] * columns + 0.3, size[1] * rows + 0.8), dpi=90, squeeze=False,
                             layout="constrained")
    fig.suptitle(textwrap.fill(run.title, int(11 * fig.get_figwidth())), fontsize=11)
    return fig, axes


def caption(axes, words):
    axes.set_title(words, fontsize=9, loc="left")
    axes.tick_params(labelsize=7.5)
    axes.yaxis.label.set_size(8)


def bar(fig, shades, row, quantity, step):
    colour_bar = fig.colorbar(shades, ax=list(row), shrink=0.9, aspect=22, pad=0.01,
                              format=lambda level, _: f"{step * round(level / step):.7g}".replace("-", "\N{MINUS SIGN}"))
    words = f"{quantity['unit']}, every {step:g}{'; round-off is white' if quantity['round_off'] else ''}"
    colour_bar.set_label(words.removeprefix("1, "), fontsize=8)
    colour_bar.ax.tick_params(labelsize=7.5)


def maps(run, days, quantities, how, coast):
    """Rows of quantities, columns of days: longitude against latitude, or the sphere from above a point."""
    round_view = how.get("view") == "orthographic"
    found = []
    for quantity in quantities:
        stream = stream_of(run, quantity)
        records = records_of(stream, days)
        if records:
            found.append((quantity, stream, records))
    if not found:
        return None
    columns = max(len(records) for _, _, records in found)
    fig, grid = frame(run, len(found), columns, (3.4, 3.2) if round_view else (4.4, 2.3))
    for row, (quantity, stream, records) in enumerate(found):
        fields = [values_of(stream, quantity, n, horizontal) for n in records]
        if quantity["less_start"]:
            start = quantity["scale"] * horizontal(stream, quantity, 0)
            quantity = quantity | {"round_off": round_off_of(start)}
        levels, step = contour_levels(fields, quantity)
        for column in range(columns):
            axes = grid[row, column]
            if column >= len(records) or quantity["less_start"] and records[column] == 0:
                axes.set_axis_off()
                continue
            lon, field = stream.lon, fields[column]
            poles = [np.full((1, len(lon)), field[row_of_pole].mean()) for row_of_pole in (0, -1)]
            lat, field = np.concatenate([[-90], stream.lat, [90]]), np.concatenate([poles[0], field, poles[1]])
            title = f"{quantity['label']}, day {stream.day(records[column]):.3g}"
            if round_view:
                position, transform = axes.get_subplotspec(), ccrs.PlateCarree()
                axes.remove()
                axes = grid[row, column] = fig.add_subplot(position, projection=ccrs.Orthographic(*how["centre"]))
                lon, field = np.append(lon, lon[0] + 360), np.concatenate([field, field[:, :1]], axis=1)
                shades = draw_panel(axes, lon, lat, field, levels, quantity, transform=transform)
                axes.gridlines(color="0.6", linewidth=0.3)
                axes.set_global()
                if coast is not None:
                    axes.plot(*axes.projection.transform_points(transform, *coast)[:, :2].T, color="k", linewidth=0.4)
            else:
                west = how.get("west", 0)
                turn = np.argsort((lon - west) % 360)
                lon, field = (lon[turn] - west) % 360 + west, field[:, turn]
                ends = [lon[-1] - 360, lon[0] + 360]
                lon = np.concatenate([ends[:1], lon, ends[1:]])
                field = np.concatenate([field[:, -1:], field, field[:, :1]], axis=1)
                shades = draw_panel(axes, lon, lat, field, levels, quantity)
                axes.set(xlim=(west, west + 360), ylim=how.get("lat", (-90, 90)))
                axes.set_xticks(np.arange(np.ceil(west / 90) * 90, west + 361, 90))
                axes.xaxis.set_major_formatter("{x:g}°")
                axes.yaxis.set_major_formatter("{x:g}°")
                if coast is not None:
                    axes.plot(coast[0] % 360, np.where(abs(np.diff(coast[0] % 360, append=0)) > 180, np.nan, coast[1]),
                              color="k", linewidth=0.4)
            axes.set_facecolor("0.8")  # shows where values are missing
            caption(axes, title)
        bar(fig, shades, grid[row], quantity, step)
    return fig


def section(run, days, quantities, how, coast):
    """Height of layers against latitude (zonal mean) or longitude (along the equator)."""
    quantity = quantities[0]
    stream = stream_of(run, quantity, layered=True)
    records = records_of(stream, days)
    if not records:
        return None
    fig, grid = frame(run, 1, len(records), (4.4, 3.0))

    def cut(field):
        if how["along"] == "lat":
            return field.mean(axis=-1)
        middle = field.shape[-2] // 2
        return field[..., middle - 1:middle + 1, :].mean(axis=-2)
    fields = [cut(values_of(stream, quantity, n, lambda s, q, m: s.read(q["field"], m))) for n in records]
    levels, step = contour_levels(fields, quantity)
    place = stream.lat if how["along"] == "lat" else stream.lon
    for axes, n, field in zip(grid[0], records, fields):
        height = 8.7802 * np.log(1e5 / cut(stream.pressure(n)))  # [km] in an isothermal atmosphere of 300 K
        if how["along"] == "lat":
            (place, field), (_, height) = to_the_poles(stream.lat, field), to_the_poles(stream.lat, height)
        shades = draw_panel(axes, np.broadcast_to(place, height.shape), height, field, levels, quantity)
        axes.set(ylim=(0, 12), ylabel="height [km]" if n == records[0] else "", facecolor="0.8")
        axes.set_xticks(range(-90, 91, 30) if how["along"] == "lat" else range(0, 361, 90))
        axes.xaxis.set_major_formatter("{x:g}°")
        caption(axes, f"{quantity['label']}, day {stream.day(n):.3g}")
    bar(fig, shades, grid[0], quantity, step)
    return fig


def pressure_panel(fig, axes, lat, pressure, field, quantity, title):
    levels, step = contour_levels([field], quantity)
    lat, field = to_the_poles(lat, field)
    shades = draw_panel(axes, lat, *to_the_ends(pressure / 100, field), levels, quantity)
    axes.set(ylim=(1000, 0), xticks=range(-90, 91, 30), ylabel="pressure [hPa]")
    axes.xaxis.set_major_formatter("{x:g}°")
    caption(axes, title)
    bar(fig, shades, [axes], quantity, step)


def zonal(run, days, quantities, how, coast):
    """Zonal means against latitude and pressure."""
    stream = stream_of(run, quantities[0], layered=True)
    records = records_of(stream, days)
    if not records:
        return None
    fig, grid = frame(run, len(records), len(quantities), (4.6, 3.0))
    for row, n in zip(grid, records):
        for axes, quantity in zip(row, quantities):
            field = stream.read(quantity["field"], n).mean(axis=-1)
            pressure = stream.pressure(n).mean(axis=(-2, -1))
            pressure_panel(fig, axes, stream.lat, pressure, field, quantity, f"{quantity['label']}, day {stream.day(n):.3g}")
    return fig


def climate(run, days, quantities, how, coast):
    """Means after the first 200 days, of a shorter run over its second half: of a field, or of the product of eddies of two."""
    stream = next((s for s in run.streams if all(name in s for name in ("ua", "va", "ta", "ps")) and s.vertical("ta") == "lev"),
                  None)
    if stream is None or len(stream) < 2:
        return None
    days = [stream.day(n) for n in range(len(stream))]
    first = next(n for n, day in enumerate(days) if day > 200) if days[-1] >= 400 else len(days) // 2
    records = stream.some(first)
    fig, grid = frame(run, 2, 2, (4.8, 3.1))
    pressure = stream.pressure(records[0]).mean(axis=(-2, -1))
    for axes, quantity in zip(grid.flat, quantities):
        names, total = quantity["field"].split(), 0
        for n in records:
            fields = [stream.read(name, n) for name in names]
            if len(fields) == 2:
                fields = [(fields[0] - fields[0].mean(axis=-1, keepdims=True)) *
                          (fields[1] - fields[1].mean(axis=-1, keepdims=True))]
            total = total + fields[0].mean(axis=-1) / len(records)
        first, last = stream.day(records[0]), stream.day(records[-1])
        pressure_panel(fig, axes, stream.lat, pressure, total, quantity, f"{quantity['label']}, days {first:.4g} to {last:.4g}")
    return fig


def column(run, days, quantities, how, coast):
    """A single column over time: layers against pressure, numbers as lines."""
    stream = next((s for s in run.streams if all(q["field"] in s for q in quantities) and len(s) > 1), None)
    if stream is None:
        return None
    records = stream.some()
    time = np.array([stream.day(n) for n in records])
    fig, grid = frame(run, len(quantities), 1, (7.5, 2.2))
    begin, end = stream.records[0].begin, stream.records[-1].end
    fig.suptitle(f"{fig.get_suptitle()}\n{begin:%Y-%m-%d} to {end:%Y-%m-%d}", fontsize=11)
    for axes, quantity in zip(grid[:, 0], quantities):
        values = np.array([values_of(stream, quantity, n, lambda s, q, m: s.read(q["field"], m)) for n in records])
        if stream.vertical(quantity["field"]) == "lev":
            pressure = np.array([stream.pressure(n)[:, 0, 0] for n in records]) / 100
            levels, step = contour_levels(values, quantity)
            pressure, values = to_the_ends(pressure.T, values[..., 0, 0].T)
            shades = draw_panel(axes, np.broadcast_to(time, pressure.shape), pressure, values, levels, quantity)
            axes.set(ylim=(1000, 0), ylabel="pressure [hPa]")
            bar(fig, shades, [axes], quantity, step)
        else:
            axes.plot(time, values.reshape(len(records)), color="k", linewidth=1)
            axes.set(xlim=(time[0], time[-1]), ylabel=quantity["unit"])
        caption(axes, quantity["label"])
    grid[-1, 0].set_xlabel("day", fontsize=8)
    return fig


KINDS = {"column": column, "map": maps, "section": section, "zonal": zonal, "climate": climate}


def draw(run, case, path, coast):
    """Draws the figure of a case into a file; False where the case has none, or the run no record for it."""
    if case not in FIGURES:
        return False
    kind, days, quantities, how = FIGURES[case]
    figure = KINDS[kind](run, days, quantities, how, coast)
    if figure is None:
        return False
    figure.savefig(path)
    plt.close(figure)
    with Image.open(path) as picture:  # 256 colours take a third of the bytes; of each hue some, also of rare ones
        picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    return True
