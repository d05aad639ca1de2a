"""Writes output files as the model lays them out, with known fields: for the tests of scripts/plot."""

import pathlib

import netCDF4
import numpy as np

LEVELS = pathlib.Path(__file__).resolve().parents[2] / "cases" / "levels" / "L26.txt"
RADIUS = 6371220.0  # [m]
P0 = 1.0e5  # [Pa]
FILL = np.float32(1e20)
UNITS = {"ps": "Pa", "ta": "K", "ua": "m s-1", "va": "m s-1", "h": "m", "eta": "m", "vo": "s-1"}


def bounds(edges):
    return np.stack([edges[:-1], edges[1:]], axis=-1)


class SampleFile:
    """One NetCDF file: axes, areas, hybrid levels or pressures, and records appended one by one."""

    def __init__(self, path, n_lon, n_lat, vertical=None, config="", title="Sample"):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = file = netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC")
        file.setncatts({"Conventions": "CF-1.8", "title": title, "case_name": path.name.split(".")[0], "config": config})
        for name, size in {"time": None, "lat": n_lat, "lon": n_lon, "bnds": 2}.items():
            file.createDimension(name, size)
        lat, lon = np.linspace(-90, 90, n_lat + 1), np.linspace(0, 360, n_lon + 1)
        self.lat, self.lon = (lat[1:] + lat[:-1]) / 2, (lon[1:] + lon[:-1]) / 2
        self.double("time", ("time",), standard_name="time", axis="T", units="days since 2000-01-01 00:00:00",
                    calendar="noleap")
        for name, edges, unit in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            self.double(name, (name,), (edges[1:] + edges[:-1]) / 2, units=unit, bounds=f"{name}_bnds")
            self.double(f"{name}_bnds", (name, "bnds"), bounds(edges))
        strip = RADIUS**2 * np.diff(np.sin(np.radians(lat))) * 2 * np.pi / n_lon
        self.double("areacella", ("lat", "lon"), np.broadcast_to(strip[:, None], (n_lat, n_lon)), units="m2")
        self.vertical = ()
        if isinstance(vertical, str):
            self.hybrid_levels()
        elif vertical is not None:
            file.createDimension("plev", len(vertical))
            self.double("plev", ("plev",), vertical, standard_name="air_pressure", units="Pa", positive="down")
            self.vertical = ("plev",)

    def double(self, name, dimensions, values=None, **attributes):
        variable = self.file.createVariable(name, "f8", dimensions)
        variable.setncatts(attributes)
        if values is not None:
            variable[...] = values

    def hybrid_levels(self):
        a, b = np.loadtxt(LEVELS, unpack=True)
        self.file.createDimension("lev", a.size - 1)
        self.file.createDimension("ilev", a.size)
        self.am, self.bm = (a[1:] + a[:-1]) / 2, (b[1:] + b[:-1]) / 2
        self.double("lev", ("lev",), self.am + self.bm, axis="Z", positive="down", units="1", bounds="lev_bnds",
                    standard_name="atmosphere_hybrid_sigma_pressure_coordinate", formula="p = a*p0 + b*ps",
                    formula_terms="p0: P0 a: hyam b: hybm ps: ps")
        self.double("lev_bnds", ("lev", "bnds"), bounds(a + b))
        for name, dimension, values in (("hyam", "lev", self.am), ("hybm", "lev", self.bm), ("hyai", "ilev", a),
                                        ("hybi", "ilev", b)):
            self.double(name, (dimension,), values, units="1")
        self.double("P0", (), P0, units="Pa")
        self.vertical = ("lev",)

    def pressure(self, ps):
        """At the middles of the layers, (lev, lat, lon) [Pa]."""
        return self.am[:, None, None] * P0 + self.bm[:, None, None] * ps

    def append(self, day, **fields):
        n = len(self.file["time"])
        self.file["time"][n] = day
        for name, values in fields.items():
            if name not in self.file.variables:
                vertical = self.vertical if np.ndim(values) == 3 else ()
                fill = None if name == "ps" else FILL
                variable = self.file.createVariable(name, "f4", ("time", *vertical, "lat", "lon"), fill_value=fill,
                                                    zlib=True, complevel=1, shuffle=True)
                variable.setncatts({"units": UNITS[name], "cell_methods": "area: mean time: point"})
            self.file[name][n] = np.nan_to_num(values, nan=FILL)

    def close(self):
        self.file.close()


def atmosphere(output, case="jets", days=np.arange(0, 10.01, 0.25), segments=2, size=(180, 90), config="", title="Jets",
               mountain=0.0):
    """Two jets with a growing, travelling wave 6; hybrid L26. Instantaneous records in several segments."""
    for part in np.array_split(np.asarray(days), segments):
        stamp = "-".join(f"2000{1 + int(day) // 30:02d}{1 + int(day) % 30:02d}T{int(day % 1 * 24):02d}00" for day in
                         (part[0], part[-1]))
        sample = SampleFile(output / f"{case}.snap.6hr.instant.{stamp}.nc", *size, "hybrid", config, title)
        lat, lon = np.radians(sample.lat)[:, None], np.radians(sample.lon)[None, :]
        for day in part:
            wave = 0.1 * day * np.sin(2 * lat) ** 4 * np.sin(6 * lon - 0.5 * day)
            hill = mountain * np.exp(-((sample.lat[:, None] - 35) / 10) ** 2 - ((sample.lon - 90) / 20) ** 2)
            ps = 1.0e5 - 2000 * wave - hill + 0 * lon
            p = sample.pressure(ps)
            jet = np.exp(-(np.log(p / 25000) / 0.9) ** 2)
            ua = 35 * np.sin(2 * lat) ** 2 * jet + 10 * wave * jet
            va = 12 * np.roll(wave, size[0] // 24, axis=1) * jet
            ta = np.maximum(200, (288 + 25 * (np.cos(lat) ** 2 - 2 / 3) + 4 * wave) * (p / P0) ** 0.19)
            sample.append(day, ps=ps, ta=ta, ua=ua, va=va)
        sample.close()


def pressure_levels(output, case="jets", day=10.0, size=(36, 18), temperature=250.0):
    """One record on pressure levels, with the lowest level under the ground in the first column."""
    levels = [1e5, 85000.0, 25000.0]
    sample = SampleFile(output / f"{case}.levels.day.instant.20000101-20000111.nc", *size, levels)
    ta = np.full((len(levels), size[1], size[0]), temperature)
    ta[0, :, 0] = np.nan
    sample.append(day, ta=ta, ua=0 * ta + 20, va=0 * ta)
    sample.close()


def shallow_water(output, case="rossby", days=np.arange(0, 10.01, 0.5), size=(120, 60), config="", title="Rossby wave"):
    """A travelling wave 4: depth, height and vorticity of one layer."""
    sample = SampleFile(output / f"{case}.snap.12hr.instant.20000101-20000111.nc", *size, None, config, title)
    lat, lon = np.radians(sample.lat)[:, None], np.radians(sample.lon)[None, :]
    for day in days:
        wave = np.cos(lat) ** 4 * np.sin(lat) * np.cos(4 * lon - 0.3 * day)
        eta = 9500 - 1500 * np.sin(lat) ** 2 + 400 * wave
        sample.append(day, h=eta, eta=eta, vo=8e-5 * wave + 2e-5 * np.sin(lat), ua=30 * np.cos(lat) + 20 * wave,
                      va=20 * wave)
    sample.close()
