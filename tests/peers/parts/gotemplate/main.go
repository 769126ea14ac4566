// Command gotemplate says what Go's text/template with Sprig makes of templates: it reads the table of
// src/template/cases.json and writes it again with the outcomes of today.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// offered are the functions of Sprig that Forklift lets through.
const offered = "lower upper contains replace trim trimAll trimSuffix trimPrefix title untitle repeat substr nospace " +
	"trunc initials hasPrefix hasSuffix mustRegexReplaceAll add add1 sub div mod mul max min floor ceil round"

type data struct {
	VmName         string
	PlanName       string
	TargetVmName   string
	VmId           string
	FileName       string
	WinDriveLetter string
	DiskIndex      int
	RootDiskIndex  int
	Shared         bool
}

// outcome is what a template renders, or when it fails: "parsing" or "rendering".
type outcome struct {
	Template string  `json:"template"`
	Gives    *string `json:"gives,omitempty"`
	Fails    string  `json:"fails,omitempty"`
}

type table struct {
	Data  data      `json:"data"`
	Cases []outcome `json:"cases"`
}

func main() {
	log.SetFlags(0)
	var cases table
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&cases); err != nil {
		log.Fatalf("gotemplate: the table: %s", err)
	}
	all, functions := sprig.TxtFuncMap(), template.FuncMap{}
	for _, name := range strings.Fields(offered) {
		functions[name] = all[name]
	}
	for i, one := range cases.Cases {
		cases.Cases[i] = try(one.Template, functions, cases.Data)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(cases); err != nil {
		log.Fatal(err)
	}
}

func try(source string, functions template.FuncMap, with data) outcome {
	parsed, err := template.New("template").Funcs(functions).Parse(source)
	if err != nil {
		return outcome{Template: source, Fails: "parsing"}
	}
	var text strings.Builder
	if err := parsed.Execute(&text, with); err != nil {
		return outcome{Template: source, Fails: "rendering"}
	}
	gives := text.String()
	return outcome{Template: source, Gives: &gives}
}
