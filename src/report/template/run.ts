/** Goes through a template and writes what comes of it. */

import { pipelineValue, type Run } from './evaluate.ts'
import { addShown } from './print.ts'
import type { Body, Choice, Loop, Node } from './syntax.ts'
import { entriesOf, isTrue, kindName, viewOf } from './values.ts'
import type { Output } from './work.ts'

interface Writing extends Run {
  readonly output: Output
}

type Jump = 'break' | 'continue' | undefined

/** `dot` is what `.` stands for. */
export function runBody(run: Writing, dot: unknown, body: Body): Jump {
  for (const node of body) {
    const jump = runNode(run, dot, node)
    if (jump !== undefined) return jump
  }
  return undefined
}

function runNode(run: Writing, dot: unknown, node: Node): Jump {
  if (node.kind !== 'text') run.at = node
  run.work.step()
  switch (node.kind) {
    case 'text':
      run.output.add(node.text)
      return undefined
    case 'action': {
      const value = pipelineValue(run, dot, node.pipeline)
      run.at = node
      if (node.pipeline.assigns.length === 0) addShown(value, run.output)
      return undefined
    }
    case 'if':
    case 'with':
      return runChoice(run, dot, node)
    case 'range':
      return runLoop(run, dot, node)
    case 'break':
    case 'continue':
      return node.kind
  }
}

function runChoice(run: Writing, dot: unknown, { kind, branches, otherwise }: Choice): Jump {
  for (const { condition, body } of branches) {
    const value = pipelineValue(run, dot, condition)
    if (isTrue(value)) return runBody(run, kind === 'with' ? value : dot, body)
  }
  return runBody(run, dot, otherwise)
}

function runLoop(run: Writing, dot: unknown, { over, body, otherwise }: Loop): Jump {
  const [first, second] = over.assigns
  let isEmpty = true
  for (const [key, item] of itemsOf(run, pipelineValue(run, dot, over), over)) {
    isEmpty = false
    run.work.step()
    if (first !== undefined) run.variables[first] = second === undefined ? item : key
    if (second !== undefined) run.variables[second] = item
    if (runBody(run, item, body) === 'break') break
  }
  return isEmpty ? runBody(run, dot, otherwise) : undefined
}

type Items = Iterable<readonly [key: unknown, item: unknown]>

function itemsOf({ isHeader, refuse, work }: Writing, value: unknown, at: Loop['over']): Items {
  const view = viewOf(value)
  switch (view.kind) {
    case 'nothing':
      return []
    case 'list':
      return view.items.entries()
    case 'map':
      // they are sorted, even if only one is looked at
      work.step(view.map.size)
      return entriesOf(view.map)
    case 'number':
      return numbersTo(view.value)
    case 'boolean':
    case 'text':
    case 'struct': {
      if (isHeader) return [[value, value]]
      const hint = 'range goes over lists, maps and numbers'
      throw refuse(at, `${kindName(value)} has nothing to go over`, hint)
    }
  }
}

function* numbersTo(end: number | bigint): Items {
  for (let number = 0; number < end; number++) yield [number, number]
}
