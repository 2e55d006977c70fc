"""The raw columns of a departure that are numbers and known before it: what every peer is given."""
NUMBERS = ["month", "day", "sched_dep_time", "sched_arr_time", "hour", "minute", "distance",
           "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure",
           "visib", "built", "seats", "lat", "lon"]
