// Command govici measures the codec of govici on the messages in a file (each with a
// 32-bit big-endian length before it) and prints nanoseconds per message as JSON. The
// codec is not exported, so it is reached by linkname: build with
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
	rounds := must(strconv.Atoi(os.Args[2]))
	var packets [][]byte
	for data := must(os.ReadFile(os.Args[1])); len(data) > 0; {
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
	json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"nanoseconds": float64(best.Nanoseconds()) / float64(len(packets)),
	})
}
