// Command vcsim runs govmomi's simulator of a vCenter, and reads or prepares a running one with govmomi's client.
//
// The simulator's own program is a module of its own that no module proxy has for this version; this one passes the
// same settings on and adds nothing to what the simulator does. Reading and preparing are modes of the same program, so
// that a test has a second view of the vCenter which shares no code with what it tests.
//
//	vcsim serve [flags]               prints "vcsim: ready at HOST:PORT" and serves until it is ended
//	vcsim inspect URL NAME            every VM of this name, as a JSON list
//	vcsim places URL                  hosts and datastores with their ids
//	vcsim sessions URL                the sessions but this one, oldest first
//	vcsim end-sessions URL            ends the sessions but this one
//	vcsim tasks URL                   the recent tasks, oldest first
//	vcsim configure URL NAME JSON     sets properties of a VM that no client of the program sets
//	vcsim rename URL NAME NEW
//	vcsim template URL NAME
//	vcsim wsdl LOG                    the traced requests in LOG that differ from govmomi's own encoding of them
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("vcsim: say what to do; see the head of main.go")
	}
	mode, arguments := os.Args[1], os.Args[2:]
	if mode == "serve" {
		log.Fatal(serve(arguments))
	}
	var answer any
	var err error
	if mode == "wsdl" {
		answer, err = wsdl(arguments)
	} else {
		answer, err = ask(context.Background(), mode, arguments)
	}
	if err != nil {
		log.Fatalf("vcsim %s: %s", mode, err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		log.Fatal(err)
	}
}

// ask does one thing with a running vCenter, in a session that ends with it.
func ask(ctx context.Context, mode string, arguments []string) (any, error) {
	modes := map[string]struct {
		arguments int
		run       func(context.Context, *client, []string) (any, error)
	}{
		"inspect":      {1, inspect},
		"places":       {0, places},
		"sessions":     {0, sessions},
		"end-sessions": {0, endSessions},
		"tasks":        {0, tasks},
		"configure":    {2, configure},
		"rename":       {2, rename},
		"template":     {1, template},
	}
	chosen, known := modes[mode]
	if !known || len(arguments) != chosen.arguments+1 {
		return nil, fmt.Errorf("no such mode, or not its arguments: %q", arguments)
	}
	vcenter, err := connect(ctx, arguments[0])
	if err != nil {
		return nil, err
	}
	defer vcenter.Logout(ctx)
	return chosen.run(ctx, vcenter, arguments[1:])
}
