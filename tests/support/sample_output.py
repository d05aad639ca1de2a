"""Writes output files as the model lays them out, with known fields: for the tests of scripts/plot."""

import pathlib

import netCDF4
import numpy as np

LEVELS = pathlib.Path(__file__).resolve().parents[2] / "cases" / "levels" / "L26.txt"
RADIUS = 6371220.0  # [m]
P0 = 1.0e5  # [Pa]
FILL = np.float32(1e20)
FIELDS = {  # unit, standard name
    "ps": ("Pa", "surface_air_pressure"),
    "ta": ("K", "air_temperature"),
    "ua": ("m s-1", "eastward_wind"),
    "va": ("m s-1", "northward_wind"),
    "vo": ("s-1", "atmosphere_upward_relative_vorticity"),
    "h": ("m", None),
    "eta": ("m", None),
    "bell": ("1", None),
    "pr": ("kg m-2 s-1", "precipitation_flux"),
    "ts": ("K", "surface_temperature"),
    "tauu": ("Pa", "surface_downward_eastward_stress"),
    **{name: ("W m-2", None) for name in ("rlut", "rsut", "hfls", "hfss", "rsds", "rlds")},
}
HYBRID = {"standard_name": "atmosphere_hybrid_sigma_pressure_coordinate", "axis": "Z", "positive": "down", "units": "1"}


def terms(a, b):
    return {"formula": "p = a*p0 + b*ps", "formula_terms": f"p0: P0 a: {a} b: {b} ps: ps"}


def bounds(edges):
    return np.stack([edges[:-1], edges[1:]], axis=-1)


class SampleFile:
    """One NetCDF file: axes, areas, hybrid levels or pressures, and records appended one by one."""

    def __init__(self, path, n_lon, n_lat, vertical=None, config="", title="Sample", mean=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = file = netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC")
        file.setncatts({"Conventions": "CF-1.8", "title": title, "config": config,
                        "case_name": path.name.split(".")[0]})
        for name, size in {"time": None, "lat": n_lat, "lon": n_lon, "bnds": 2}.items():
            file.createDimension(name, size)
        lat, lon = np.linspace(-90, 90, n_lat + 1), np.linspace(0, 360, n_lon + 1)
        self.lat, self.lon = (lat[1:] + lat[:-1]) / 2, (lon[1:] + lon[:-1]) / 2
        self.double("time", ("time",), standard_name="time", axis="T", units="days since 2000-01-01 00:00:00",
                    calendar="noleap")
        if mean:
            file["time"].bounds = "time_bnds"
            self.double("time_bnds", ("time", "bnds"))
        for name, axis, edges, unit, word in (("lat", "Y", lat, "degrees_north", "latitude"),
                                              ("lon", "X", lon, "degrees_east", "longitude")):
            self.double(name, (name,), (edges[1:] + edges[:-1]) / 2, standard_name=word, axis=axis, units=unit,
                        bounds=f"{name}_bnds")
            self.double(f"{name}_bnds", (name, "bnds"), bounds(edges))
        strip = RADIUS**2 * np.diff(np.sin(np.radians(lat))) * 2 * np.pi / n_lon
        self.double("areacella", ("lat", "lon"), np.broadcast_to(strip[:, None], (n_lat, n_lon)),
                    standard_name="cell_area", long_name="grid-cell area", units="m2", cell_methods="area: sum")
        crs = file.createVariable("crs", "i4", ())
        crs.setncatts({"grid_mapping_name": "latitude_longitude", "earth_radius": RADIUS})
        self.vertical = ()
        if isinstance(vertical, str):
            self.hybrid_levels()
        elif vertical is not None:
            file.createDimension("plev", len(vertical))
            self.double("plev", ("plev",), vertical, standard_name="air_pressure", axis="Z", units="Pa",
                        positive="down")
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
        self.double("lev", ("lev",), self.am + self.bm, bounds="lev_bnds", **HYBRID, **terms("hyam", "hybm"))
        self.double("lev_bnds", ("lev", "bnds"), bounds(a + b), **terms("hyam_bnds", "hybm_bnds"))
        self.double("ilev", ("ilev",), a + b, **HYBRID, **terms("hyai", "hybi"))
        for name, dimensions, values in (("hyam", ("lev",), self.am), ("hybm", ("lev",), self.bm),
                                         ("hyai", ("ilev",), a), ("hybi", ("ilev",), b),
                                         ("hyam_bnds", ("lev", "bnds"), bounds(a)),
                                         ("hybm_bnds", ("lev", "bnds"), bounds(b))):
            self.double(name, dimensions, values, long_name="hybrid coefficient", units="1")
        self.double("P0", (), P0, long_name="reference pressure", units="Pa")
        self.vertical = ("lev",)

    def pressure(self, ps):
        """At the middles of the layers, (lev, lat, lon) [Pa]."""
        return self.am[:, None, None] * P0 + self.bm[:, None, None] * ps

    def append(self, day, length=0.0, **fields):
        """A record at a day, or of the interval of this length that begins there."""
        n = len(self.file["time"])
        self.file["time"][n] = day + length / 2
        if length:
            self.file["time_bnds"][n] = day, day + length
        for name, values in fields.items():
            if name not in self.file.variables:
                vertical = self.vertical if np.ndim(values) == 3 else ()
                fill = FILL if self.vertical == ("plev",) or np.isnan(values).any() else None
                variable = self.file.createVariable(name, "f4", ("time", *vertical, "lat", "lon"), fill_value=fill,
                                                    zlib=True, complevel=1, shuffle=True)
                unit, standard_name = FIELDS[name]
                variable.setncatts({"long_name": name, "units": unit,
                                    "cell_methods": f"area: mean time: {'mean' if length else 'point'}",
                                    "cell_measures": "area: areacella", "grid_mapping": "crs"})
                if standard_name:
                    variable.standard_name = standard_name
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


def pressure_levels(output, case="jets", days=(10.0,), size=(36, 18), temperature=250.0, config=""):
    """Records on three pressure levels; the lowest is under the ground in the first column."""
    path = output / f"{case}.levels.6hr.instant.20000101-20000111.nc"
    sample = SampleFile(path, *size, [1e5, 85000.0, 25000.0], config)
    for day in days:
        ta = np.full((3, size[1], size[0]), temperature)
        ta[0, :, 0] = np.nan
        ps = 1e5 - 30000 * np.cos(np.radians(sample.lat))[:, None] ** 8 + 100 * day * np.sin(np.radians(sample.lon))
        sample.append(day, ta=ta, ua=0 * ta + 20, va=0 * ta, ps=ps)
    sample.close()


def daily_means(output, case="jets", days=(0, 1, 2, 3), size=(36, 18), temperature=260.0):
    """Means of days on hybrid levels, of air at one temperature."""
    sample = SampleFile(output / f"{case}.daily.day.mean.20000101-20000105.nc", *size, "hybrid", mean=True)
    for day in days:
        ta = np.full((sample.am.size, size[1], size[0]), temperature)
        sample.append(day, 1.0, ps=ta[0] * 0 + 1e5, ta=ta, ua=0 * ta + 30, va=0 * ta)
    sample.close()


def surface(output, case="jets", days=(0, 1, 2, 3), size=(36, 18), fields=("rsds", "tauu", "rlut", "ts", "pr")):
    """Means of days of fields at the surface that grow by a per cent a day; in SI units, 'tauu' with both signs."""
    sample = SampleFile(output / f"{case}.surface.day.mean.20000101-20000105.nc", *size, mean=True)
    wave = np.sin(np.radians(sample.lat))[:, None] * np.cos(np.radians(sample.lon))
    for day in days:
        values = {"tauu": wave, "ts": 285 + 10 * wave, "pr": (2 + wave) / 86400}
        sample.append(day, 1.0, **{name: (1 + 0.01 * day) * values.get(name, 240 + 20 * wave) for name in fields})
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
