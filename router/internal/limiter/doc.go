package limiter
