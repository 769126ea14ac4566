package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// tracedRequest begins a request of the program under test in a trace; govmomi's client puts a line break after the
// XML declaration.
const tracedRequest = `Request: <?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope`

// emptyElement is left out: govmomi does not write optional elements that are empty.
var emptyElement = regexp.MustCompile(`<[^<>]*>/`)

// declared are classes that govmomi names although the place where they stand declares them already.
var declared = []string{"VirtualDeviceConfigSpec", "OptionValue"}

type conformity struct {
	// Methods are those of the requests, with how often each was sent.
	Methods map[string]int
	// Different are requests of which the API's types do not take everything in, or have it in another order: the
	// simulator overlooks that, a vCenter refuses it.
	Different []string
}

// wsdl decodes each traced request into the API's own types and encodes these again.
func wsdl(arguments []string) (any, error) {
	if len(arguments) != 1 {
		return nil, fmt.Errorf("give the log")
	}
	log, err := os.ReadFile(arguments[0])
	if err != nil {
		return nil, err
	}
	told := conformity{Methods: map[string]int{}, Different: []string{}}
	for _, line := range strings.Split(string(log), "\n") {
		if !strings.HasPrefix(line, tracedRequest) {
			continue
		}
		request := []byte(strings.TrimPrefix(line, "Request: "))
		method, err := simulator.UnmarshalBody(types.TypeFunc(), request)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, request)
		}
		told.Methods[method.Name]++
		again, err := xml.Marshal(method.Body)
		if err != nil {
			return nil, err
		}
		if sent, own := elements(request, method.Name), elements(again, ""); sent != own {
			told.Different = append(told.Different, fmt.Sprintf("sent %s\nown  %s", sent, own))
		}
	}
	return told, nil
}

// elements are the names, types and texts of a document from the element `below` on, or of the children of its root.
func elements(document []byte, below string) string {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var words []string
	depth, start := 0, 1
	if below != "" {
		start = -1
	}
	for {
		token, err := decoder.RawToken()
		if err != nil {
			return emptyElement.ReplaceAllString(strings.Join(words, ""), "")
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			if start < 0 && token.Name.Local == below {
				start = depth
			} else if start > 0 && depth > start {
				words = append(words, "<", token.Name.Local, kindOf(token), ">")
			}
		case xml.EndElement:
			if start > 0 && depth > start {
				words = append(words, "/")
			}
			depth--
		case xml.CharData:
			if start > 0 && depth > start {
				words = append(words, string(token))
			}
		}
	}
}

// kindOf is the type that an element declares, without its prefix.
func kindOf(element xml.StartElement) string {
	for _, attribute := range element.Attr {
		if attribute.Name.Local == "type" {
			_, bare, prefixed := strings.Cut(attribute.Value, ":")
			if !prefixed {
				bare = attribute.Value
			}
			if !slices.Contains(declared, bare) {
				return " " + bare
			}
		}
	}
	return ""
}
