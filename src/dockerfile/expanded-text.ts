import { isSpace } from './characters.ts'

/** Text, and the words it makes where spaces part it. */
export class ExpandedText {
  #text = ''
  readonly #words: string[] = []
  readonly #most: number
  readonly #word: { text: string }

  constructor(most: number, word: { text: string }) {
    this.#most = most
    this.#word = word
  }

  get isFull(): boolean {
    return this.#text.length > this.#most
  }

  add(text: string): void {
    this.#text += text
    this.#word.text += text
  }

  addParted(text: string): void {
    this.#text += text
    for (const character of text) {
      if (!isSpace(character)) this.#word.text += character
      else this.#end()
    }
  }

  done(): { text: string; words: string[] } {
    this.#end()
    return { text: this.#text, words: this.#words }
  }

  #end(): void {
    if (this.#word.text !== '') this.#words.push(this.#word.text)
    this.#word.text = ''
  }
}
