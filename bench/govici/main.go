// Command govici measures govici and prints what it found as JSON.
//
//	govici codec FILE ROUNDS     nanoseconds per message of a file, decoded and encoded;
//	                             each has a 32-bit big-endian length before it
//	govici requests SOCKET COUNT nanoseconds per request of version
//
// The codec is not exported, so it is reached by linkname: build with
// -ldflags=-checklinkname=0.
package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"strconv"
	"time"
	_ "unsafe"

	"github.com/strongswan/govici/vici"
)

//go:linkname decode github.com/strongswan/govici/vici.(*Message).decode
func decode(m *vici.Message, data []byte) error

//go:linkname encode github.com/strongswan/govici/vici.(*Message).encode
func encode(m *vici.Message) ([]byte, error)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	number := must(strconv.Atoi(os.Args[3]))
	var nanoseconds float64
	if os.Args[1] == "codec" {
		nanoseconds = codec(os.Args[2], number)
	} else {
		nanoseconds = requests(os.Args[2], number)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]float64{"nanoseconds": nanoseconds})
}

func codec(file string, rounds int) float64 {
	var packets [][]byte
	for data := must(os.ReadFile(file)); len(data) > 0; {
		size := binary.BigEndian.Uint32(data)
		packets = append(packets, data[4:4+size])
		data = data[4+size:]
	}
	best := time.Duration(1 << 62)
	for range rounds {
		started := time.Now()
		for _, packet := range packets {
			message := vici.NewMessage()
			if err := decode(message, packet); err != nil {
				panic(err)
			}
			must(encode(message))
		}
		best = min(best, time.Since(started))
	}
	return float64(best.Nanoseconds()) / float64(len(packets))
}

func requests(socket string, count int) float64 {
	session := must(vici.NewSession(vici.WithAddr("unix", socket)))
	defer session.Close()
	must(session.CommandRequest("version", nil))
	started := time.Now()
	for range count {
		must(session.CommandRequest("version", nil))
	}
	return float64(time.Since(started).Nanoseconds()) / float64(count)
}
