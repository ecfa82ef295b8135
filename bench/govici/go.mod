module ipman.dialo.ai/bench/govici

go 1.24

require github.com/strongswan/govici v0.7.0
